import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenDigest } from '../../src/access/bearer-tokens.js';
import { issue } from '../support/certificates.js';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { TlsFolder } from '../support/tls-folder.js';
import { cli } from './support.js';

describe('commands that ask a service without credentials', () => {
  let service: Service;
  let env: Record<string, string>;
  let clients: LoadedClients;
  beforeAll(async () => {
    service = await startService();
    env = { GRPC_ADDRESS: service.grpcAddress, HTTP_ADDRESS: service.httpAddress };
    clients = new LoadedClients(service.grpcAddress);
    await clients.call('AcquireSlot', { budget_id: 'anthropic', ai_id: 'guardian', estimated_tokens: 300 });
  });
  afterAll(async () => {
    clients?.close();
    await service?.stop();
  });

  it('health is 0 while it is ready', async () => {
    expect(await cli(['health'], env)).toEqual({ code: 0, out: '200 {"status":"ready"}\n', err: '' });
    expect(await cli(['health', '--live'], env)).toMatchObject({ code: 0, out: '200 {"status":"alive"}\n' });
  });

  it('status has a line for each budget', async () => {
    const { code, out } = await cli(['status'], env);
    expect(code).toBe(0);
    expect(out).toMatch(/^anthropic: OK: nobody is refused\n\nBUDGET +STATE +MONTH/);
    expect(out).toMatch(/^anthropic +normal +300\/140K +0% +2% +42% +1\/2 +0 +-$/m);
  });

  it('denials shows who was refused, and why', async () => {
    await clients.admin('CreateBudget', { budget_id: 'narrow', policy: { max_concurrent: 1 } });
    await clients.call('AcquireSlot', { budget_id: 'narrow', ai_id: 'a', estimated_tokens: 1 });
    await clients.call('AcquireSlot', { budget_id: 'narrow', ai_id: 'guardian', estimated_tokens: 1 });
    const { code, out } = await cli(['denials', 'narrow', '--ai', 'guardian', '--since', '1h'], env);
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^1 requests were denied .*\n\nCONCURRENCY: 1, last at .* of guardian:\n/),
    ]);
    const told = await cli(['denials', 'narrow', '--json', '--rule', 'concurrency'], env);
    expect(JSON.parse(told.out)).toMatchObject({
      ...{ deniedRequests: 1, rows: [{ aiId: 'guardian', rule: 'RULE_CONCURRENCY', denied: 1 }] },
      rules: [{ lastBlocker: { rule: 'RULE_CONCURRENCY', limit: 1 } }],
    });
    const wrong = await cli(['denials', 'narrow', '--rule', 'full'], env);
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('HOURLY_CAP') });
    await clients.admin('DeleteBudget', { budget_id: 'narrow', force: true });
  });

  it('status of a budget of money says money', async () => {
    const policy = {
      unit: 'USD',
      monthly_limit: 500_000_000,
      min_reservation: 10_000,
      cooldown: { seconds: 0 },
    };
    await clients.admin('CreateBudget', { budget_id: 'dollars', policy });
    await clients.call('AcquireSlot', { budget_id: 'dollars', ai_id: 'a', estimated_tokens: 1_240_000 });
    const { out } = await cli(['status', 'dollars'], env);
    expect(out).toMatch(/^dollars +normal +\$1\.24\/\$350\.00 +0% +4% +70% /m);
    const told = await cli(['status', 'dollars', '--json'], env);
    expect(JSON.parse(told.out)).toMatchObject({
      unit: 'USD',
      windows: [{}, {}, { reservedTokens: 1_240_000 }],
    });
    const watched = await cli(['watch', 'dollars', '--once'], env);
    expect(watched.out).toMatch(/ a +ends in 1\d\d s +\$0\.00 of \$1\.24 used/);
    await clients.admin('DeleteBudget', { budget_id: 'dollars', force: true });
  });

  it('status --json has an object for each budget that is named', async () => {
    const { out } = await cli(['status', 'anthropic', '--json'], env);
    expect(JSON.parse(out)).toMatchObject({
      ...{ budgetId: 'anthropic', state: 'normal', activeRequests: 1 },
      headline: { status: 'HEADLINE_STATUS_OK', text: 'OK: nobody is refused', ais: 0 },
    });
    expect(await cli(['status', 'nothere'], env)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('no budget "nothere"'),
    });
  });

  it('alerts are listed, acknowledged and silenced', async () => {
    const policy = { monthly_limit: 1_000_000, min_reservation: 1, warning_percent: 1 };
    await clients.admin('CreateBudget', { budget_id: 'noisy', policy });
    const adjustment = { budget_id: 'noisy', adjustment_id: 'x', tokens: 50_000, reason: 'test' };
    await clients.admin('AdjustUsage', adjustment);
    const { out } = await cli(['alerts', 'list', 'noisy'], env);
    expect(out).toMatch(/^RULE +STATE +SINCE +ALERT +MESSAGE/);
    expect(out).toMatch(/^WARNING +holds +20\S+Z +WARNING:\d+ +50,000 of /m);
    const acknowledged = await cli(['alerts', 'ack', 'warning', 'noisy', '--reason', 'we know'], env);
    expect(acknowledged.out).toMatch(/^acknowledged WARNING:\d+\n$/);
    const silence = [
      'alerts',
      'silence',
      'noisy',
      '--rule',
      'warning',
      '--until',
      'Friday',
      '--reason',
      'a move',
    ];
    expect((await cli(silence, env)).out).toMatch(/^silent: WARNING until 20\S+Z: a move \(anonymous\)\n$/);
    expect((await cli(['alerts', 'list', 'noisy'], env)).out).toMatch(
      /^WARNING +holds, acknowledged by anonymous, silent/m,
    );
    const told = JSON.parse((await cli(['alerts', 'list', 'noisy', '--json'], env)).out);
    expect(told.alerts).toContainEqual(
      expect.objectContaining({
        rule: 'WARNING',
        acknowledgedReason: 'we know',
        silencedUntil: expect.any(String),
      }),
    );
    expect(told.silences).toMatchObject([{ rule: 'WARNING', reason: 'a move' }]);
    expect((await cli(['alerts', 'silence', 'noisy', '--end'], env)).out).toBe('nothing is silent\n');
    expect(await cli(['alerts', 'ack', 'CRITICAL', 'noisy'], env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('no alert of noisy holds'),
    });
    expect(await cli(['alerts', 'silence', 'noisy'], env)).toMatchObject({ code: 2 });
    expect(await cli(['alerts', 'silence', 'noisy', '--end', '--rule', 'x'], env)).toMatchObject({ code: 2 });
    await clients.admin('DeleteBudget', { budget_id: 'noisy' });
  });

  it('topup gives an AI more until a day, lists it, and ends it', async () => {
    const add = ['topup', 'add', '--id', 'release', '--tokens', '50000', '--reason', 'a release'];
    const added = await cli([...add, '--ai', 'guardian', '--until', 'Friday'], env);
    expect(added.out).toMatch(
      /^added release: 50,000 tokens for guardian, until 20\d\d-\d\d-\d\dT00:00:00\.000Z\n$/,
    );
    expect((await cli([...add, '--ai', 'guardian', '--until', 'Friday'], env)).out).toContain('added before');
    const listed = await cli(['topup', 'list', 'anthropic'], env);
    expect(listed.out).toMatch(/^release +guardian +50,000 tokens +50,000 tokens +until .* +a release$/m);
    const month = [
      'topup',
      'add',
      'anthropic',
      '--id',
      'more',
      '--tokens',
      '7000',
      '--reason',
      'r',
      '--month',
    ];
    expect((await cli(month, env)).out).toMatch(
      /^added more: 7,000 tokens for the month 20\d\d-\d\d, to the end/,
    );
    expect((await cli(['topup', 'end', 'release'], env)).out).toMatch(/^ended release: .* ended 20/);
    expect((await cli(['topup', 'end', 'more'], env)).out).toContain('7,000 tokens are taken back');
    expect(await cli(['topup', 'list'], env)).toMatchObject({ out: 'there are no top-ups\n' });
    expect(await cli([...add, '--until', 'sometime'], env)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--until must be a day such as 2026-11-20 or Friday'),
    });
  });

  it('watch --once shows windows and who holds slots', async () => {
    const { code, out } = await cli(['watch', '--once'], env);
    expect(code).toBe(0);
    expect(out).toContain('slots: 1 of 2 held');
    expect(out).toMatch(/guardian +ends in 1\d\d s +0 of 300 tokens used/);
    expect(out).toMatch(/hour +█*▒+·+ +0 \+ 300 of +700 +42%/);
  });

  it('watch of a budget that is not there says so', async () => {
    expect(await cli(['watch', 'nothere', '--once'], env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('nothere'),
    });
  });

  it('says where nobody answers', async () => {
    const { code, err } = await cli(['status', '--address', '127.0.0.1:1'], env);
    expect(code).toBe(1);
    expect(err).toMatch(
      /^budget-arbiter status: the service at 127\.0\.0\.1:1 does not answer; is it running there/,
    );
    const health = await cli(['health', '--http-address', '127.0.0.1:1']);
    expect(health).toMatchObject({ code: 1, err: expect.stringContaining('nothing listens there') });
  });
});

describe('commands that ask a service with TLS, client certificates and tokens', () => {
  const folder = new TlsFolder();
  let service: Service;
  let env: Record<string, string>;
  const token = folder.file('token', 'bat_operator\n');
  const wrong = folder.file('wrong', 'bat_nobody');
  const ca = folder.file('ca.pem', folder.serverAuthority.cert);
  const client = issue(folder.clientAuthority, { commonName: 'x', uris: ['spiffe://test/operator'] });
  const cert = folder.file('client.pem', client.cert);
  const key = folder.file('client.key', client.key);

  beforeAll(async () => {
    const roles = `[{role: operator, budgets: '*'}]`;
    const config = folder.file(
      'config.yaml',
      `tls: {cert: server.pem, key: server.key}
credentials:
  tokens:
    - {name: operators, sha256: ${tokenDigest('bat_operator')}, roles: ${roles}}
  mtls:
    client_ca: clients.pem
    principals:
      - {san: 'spiffe://test/operator', name: operator, roles: ${roles}}
`,
    );
    service = await startService({ env: { CONFIG_FILE: config } });
    env = { GRPC_ADDRESS: service.grpcAddress, HTTP_ADDRESS: service.httpAddress, CONFIG_FILE: config };
  });
  afterAll(async () => {
    await service?.stop();
    folder.remove();
  });

  it('health needs neither a certificate nor a token, and not CONFIG_FILE', async () => {
    const { HTTP_ADDRESS = '' } = env;
    expect(await cli(['health'], { HTTP_ADDRESS })).toMatchObject({ code: 0, err: '' });
    expect(await cli(['health'], { HTTP_ADDRESS, CONFIG_FILE: '/nowhere' })).toMatchObject({ code: 0 });
  });

  it('status trusts the certificate that its own configuration names', async () => {
    expect(await cli(['status', '--token-file', token], env)).toMatchObject({ code: 0, err: '' });
    expect(await cli(['status'], { ...env, ARBITER_TOKEN: 'bat_operator' })).toMatchObject({ code: 0 });
  });

  it('status trusts an authority, or shows a certificate of its own', async () => {
    const address = ['--address', service.grpcAddress, '--ca', ca];
    expect(await cli(['status', ...address, '--token-file', token])).toMatchObject({ code: 0, err: '' });
    expect(await cli(['status', ...address, '--cert', cert, '--key', key])).toMatchObject({
      code: 0,
      err: '',
    });
    expect(await cli(['watch', '--once', ...address, '--cert', cert, '--key', key])).toMatchObject({
      code: 0,
    });
  });

  it.each([
    [['--token-file', wrong], 1, 'wants to know who asks'],
    [[], 1, 'wants to know who asks'],
    [['--token-file', '/nowhere'], 2, '--token-file: /nowhere cannot be read'],
    [['--cert', cert], 2, 'belong together'],
    [['--address', 'nonsense'], 2, 'host:port'],
  ])('status with %j says what is wrong', async (args, code, why) => {
    const answer = await cli(['status', ...args], env);
    expect(answer).toMatchObject({ code, out: '', err: expect.stringContaining(why) });
    expect(answer.err).not.toContain('bat_');
  });

  it('does not talk to a service with a certificate that nobody vouches for', async () => {
    const answer = await cli(['status', '--address', service.grpcAddress, '--tls', '--token-file', token]);
    expect(answer).toMatchObject({ code: 1, err: expect.stringContaining('does not answer') });
  });
});
