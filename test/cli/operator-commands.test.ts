import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { temporaryFolder } from '../transfer/support/stores.js';
import { cli } from './support.js';

/** In the order in which an operator may use them, against one service. */
describe('commands of an operator', () => {
  let service: Service;
  let clients: LoadedClients;
  let env: Record<string, string>;
  const run = (...args: string[]) => cli(args, env);
  const json = async (...args: string[]): Promise<Record<string, unknown>[]> => {
    const { code, out, err } = await run(...args, '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return out
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };

  beforeAll(async () => {
    service = await startService();
    env = { GRPC_ADDRESS: service.grpcAddress, HTTP_ADDRESS: service.httpAddress };
    clients = new LoadedClients(service.grpcAddress);
    await clients.admin('CreateBudget', { budget_id: 'second', policy: { cooldown: { seconds: 0 } } });
    for (const ai_id of ['early', 'late'])
      await clients.call('AcquireSlot', { budget_id: 'second', ai_id, estimated_tokens: 100 });
  });
  afterAll(async () => {
    clients?.close();
    await service?.stop();
  });

  it('budgets lists the worst first', async () => {
    await run('pause', 'second', '--reason', 'a look');
    const { out } = await run('budgets');
    expect(out).toMatch(/^BUDGET +HOW IT STANDS +MONTH +SLOTS\nsecond +Paused since .*\nanthropic +OK/);
    expect((await json('budgets')).map(({ budgetId }) => budgetId)).toEqual(['second', 'anthropic']);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    await run('resume', 'second');
  });

  it('leases lists those first that hold a slot longest without a report', async () => {
    const [first] = await json('leases', 'second');
    await clients.call('RecordUsage', {
      lease_id: first?.['leaseId'],
      usage: { usage_id: 'u', tokens: { total_tokens: 7 } },
    });
    const { out } = await run('leases', 'second');
    expect(out).toMatch(
      /^AI +TEAM +STATE +GRANTED +USED\/RESERVED +LEASE\nlate +- +live .*\nearly +- +live +.* 7\/100/,
    );
  });

  it('revoke ends one lease, or all of a budget', async () => {
    const [first] = await json('leases', 'second');
    const ended = await run('revoke', String(first?.['leaseId']), '--reason', 'stuck');
    expect(ended.out).toMatch(/^late: \S+ is revoked; 0 used, 100 presumed\n$/);
    expect(await json('revoke', '--all-of', 'second')).toMatchObject([{ aiId: 'early' }]);
    expect((await run('leases', 'second')).out).toBe('nobody holds a slot\n');
    expect((await run('revoke', '--all-of', 'second')).out).toBe('nobody holds a slot\n');
  });

  it('pause and resume take one budget, or all', async () => {
    const paused = await run('pause', '--all', '--reason', 'incident');
    expect(paused.out).toMatch(/^anthropic: paused since 20.* by anonymous: incident\nsecond: paused since /);
    expect((await run('resume', '--all')).out).toBe('anthropic: grants slots\nsecond: grants slots\n');
    const some = await run('pause', 'never', 'second', '--reason', 'r');
    expect(some).toMatchObject({ code: 1, err: expect.stringContaining('never') });
    expect(some.out).toMatch(/^second: paused since/);
    await run('resume', 'second');
  });

  it('policy set changes fields, and says what may surprise', async () => {
    const set = await run(
      'policy',
      'set',
      'max_hourly_percent=0.33',
      'cooldown=60s',
      '--reason',
      'ticket 17',
    );
    expect(set.out).toMatch(
      /^max_hourly_percent: default -> 0\.33\ncooldown: default -> 60s\nwarning: max_hourly_percent: /,
    );
    expect((await run('policy', 'set', 'cooldown=60s')).out).toContain('it is so already');
    expect((await run('policy', 'set', 'cooldown=')).out).toContain('cooldown: 60s -> default');
    const wrong = await run('policy', 'set', 'cooldown=soon');
    expect(wrong).toMatchObject({ code: 2, out: '' });
    const stale = await run('policy', 'set', 'cooldown=1s', '--etag', '1');
    expect(stale).toMatchObject({ code: 1, err: expect.stringContaining('etag') });
  });

  it('policy get prints what policy set takes', async () => {
    await run('policy', 'set', 'max_daily_percent_by_ai={guardian: 50}');
    const { out } = await run('policy', 'get');
    expect(out).toMatch(
      /^# anthropic, etag \d+, preset WORK_SESSIONS\nmax_hourly_percent: 0\.33\nmax_daily_percent_by_ai:\n {2}guardian: 50\n/,
    );
    const file = `${temporaryFolder()}/policy.yaml`;
    writeFileSync(file, out);
    expect((await run('policy', 'set', '--file', file)).out).toContain('it is so already');
    expect((await run('policy', 'get', '--effective')).out).toContain('cooldown: 300s');
    expect(await json('policy', 'get')).toMatchObject([
      { budgetId: 'anthropic', preset: 'PRESET_WORK_SESSIONS' },
    ]);
  });

  it('policy preview says what would be, and changes nothing', async () => {
    const before = await run('policy', 'get');
    const { out } = await run('policy', 'preview', 'monthly_limit=400000');
    expect(out).toMatch(/^monthly_limit: default -> 400000\n\nWINDOW +USED +CAP NOW +CAP THEN\nhour /);
    expect(out).toMatch(/nothing is changed: policy set does that\n$/);
    expect(await run('policy', 'get')).toEqual(before);
  });

  it('changes lists what was done, and undo puts the one before back', async () => {
    const [newest] = await json('changes');
    expect(newest).toMatchObject({ kind: 'CHANGE_KIND_POLICY', principal: 'anonymous' });
    const { out } = await run('changes', '--last', '2');
    expect(out).toMatch(
      /^\d+ {2}20\S+ \S+Z {2}policy by anonymous\n {4}max_daily_percent_by_ai default -> \{"guardian":50\}\n/,
    );
    const number = String(newest?.['number']);
    const undone = await run('changes', 'undo', number);
    expect(undone.out).toContain(`(undo of change ${number})`);
    expect((await run('policy', 'get')).out).not.toContain('guardian');
    expect((await run('changes', 'undo', number)).out).toContain('undo of change');
    const history = await json('policy', 'history');
    expect(history.map(({ kind }) => kind)).not.toContain('CHANGE_KIND_PAUSED');
    expect(history.at(-1)).toMatchObject({ number: '1', kind: 'CHANGE_KIND_CREATED' });
  });

  it('undo resumes what was paused, and takes a correction back; what cannot be undone says so', async () => {
    await run('pause', 'anthropic', '--reason', 'r');
    const numberOf = async () => String((await json('changes', '--last', '1'))[0]?.['number']);
    await run('changes', 'undo', await numberOf());
    expect((await run('changes', '--last', '1')).out).toMatch(/resumed by anonymous/);
    const request = {
      budget_id: 'anthropic',
      adjustment_id: 'a',
      tokens: 500,
      reason: 'r',
      ai_id: 'guardian',
    };
    await clients.admin('AdjustUsage', request);
    const undone = await run('changes', 'undo', await numberOf(), '--reason', 'wrong budget');
    expect(undone.out).toMatch(
      /usage adjusted by anonymous\n {4}-500 on \S+ for guardian, then 0 \(wrong budget\)\n/,
    );
    expect(await run('changes', 'undo', '1')).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot be undone'),
    });
    expect(await run('changes', 'undo', '999')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no change 999'),
    });
  });

  it('topup is top-up as well, and takes --json', async () => {
    const add = ['top-up', 'add', '--id', 't', '--tokens', '9', '--reason', 'r', '--month'];
    expect(await json(...add)).toMatchObject([
      { topUpId: 't', kind: 'TOP_UP_KIND_LARGER_MONTH', tokens: '9' },
    ]);
    expect(await json('topup', 'list')).toHaveLength(1);
    expect(await json('topup', 'end', 't')).toMatchObject([{ topUpId: 't' }]);
  });

  it('status fits 80 columns, however long the names are', async () => {
    const budget_id = 'a-budget-with-a-name-of-sixty-three-characters-that-nobody-typed';
    await clients.admin('CreateBudget', { budget_id: budget_id.slice(0, 63) });
    const { out } = await run('status');
    const table = out.slice(out.indexOf('BUDGET'));
    for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(table).toMatch(/^a-budget-with-\S*… +normal/m);
  });
});
