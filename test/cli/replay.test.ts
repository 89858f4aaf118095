import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Comparison } from '../../src/replay/compare.js';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { cli } from './support.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

async function json(...args: string[]): Promise<Comparison> {
  const { code, out, err } = await cli(['replay', ...args, '--json']);
  expect({ code, err }).toEqual({
    code: 0,
    // How far it is is told of what takes long, as on a busy machine.
    err: expect.stringMatching(/^(replaying: \d+%, [^\n]* left\n)*Replayed [\d,]+ requests in .*\n$/),
  });
  return JSON.parse(out);
}

describe('a trace in a file', () => {
  let [trace, open, even] = ['', '', ''];
  beforeAll(() => {
    const hours = Array.from({ length: 30 * 24 }, (_, hour) => {
      const at = new Date(Date.UTC(2026, 10, 1) + hour * 3_600_000).toISOString();
      return `${at},${hour % 2 ? 'guardian' : 'imperium'},400,450,30`;
    });
    trace = file('trace.csv', `at,ai,tokens,estimate,seconds\n${hours.join('\n')}\n`);
    open = file('open.yaml', 'pacing: NONE\nmax_hourly_percent: 5\n');
    even = file('even.json', '{"pacing": "EVEN", "max_concurrent": 4}');
  });

  it('is told as a table: the policy in force, and beside it the candidate', async () => {
    const args = ['--trace', trace, '--against', open, '--policy', even];
    const { code, out, err } = await cli(['replay', ...args]);
    expect(code).toBe(0);
    expect(err).toMatch(/^Replayed 720 requests in [\d.]+ m?s \([\d,]+ requests\/s\)\n$/);
    expect(out).toMatch(/^ +IN FORCE +CANDIDATE$/m);
    expect(out).toMatch(/^days lasted +15 of 30, then dry +30 of 30$/m);
    expect(out).toMatch(/^EMERGENCY +\d+ \/ [\d,]+ +(-|\d)/m);
    expect(out).toContain('it cannot know:\n- what was refused and not recorded');
  });

  it('is told in money where the budget counts it', async () => {
    const rows = [1, 2].map((hour) => `2026-11-01T0${hour}:00:00Z,guardian,1240000,1240000,30`);
    const paid = file('paid.csv', `at,ai,tokens,estimate,seconds\n${rows.join('\n')}\n`);
    const dollars = 'unit: USD\nmonthly_limit: 500000000\nmin_reservation: 10000\n';
    const svg = join(folder, 'paid.svg');
    const { out } = await cli([
      'replay',
      '--trace',
      paid,
      '--against',
      file('usd.yaml', dollars),
      '--svg',
      svg,
    ]);
    expect(out).toMatch(/^most day +2026-11-01 \$2\.48$/m);
    expect(out).toMatch(/^USD refused +\$0\.00 \(0\.0%\)$/m);
    expect(out).toMatch(/^guardian +\$2\.48 of \$2\.48$/m);
    expect(readFileSync(svg, 'utf8')).toContain('<title>2026-11-01: $2.48 of $2.48 asked for</title>');
  });

  it('is told as JSON and drawn, scaled, and spread over other days', async () => {
    const svg = join(folder, 'days.svg');
    const plain = await json('--trace', trace, '--against', open, '--policy', even, '--svg', svg);
    expect(plain.current).toMatchObject({ lastedDays: 15, months: [{ isDry: true }] });
    expect(plain.candidate).toMatchObject({ lastedDays: 30, asked: { requests: 720, tokens: 288_000 } });
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
    const less = await json('--trace', trace, '--against', open, '--scale', '0.4', '--days', '15');
    expect(less.current).toMatchObject({ asked: { tokens: 115_200 }, refused: { requests: 0 } });
    expect(less.current.days).toHaveLength(15);
    expect(less.candidate).toBeUndefined();
  });

  it('brings refused demand back where that is asked for', async () => {
    const args = [
      '--trace',
      trace,
      '--against',
      file('hourly.yaml', 'cooldown: 2h\nmax_hourly_percent: 5\n'),
    ];
    const [none, all] = [await json(...args), await json(...args, '--returns', '1')];
    expect(all.current.granted.requests).toBeGreaterThanOrEqual(none.current.granted.requests);
    expect(all.current.waitP95Ms).toBeGreaterThan(3_000_000);
  });

  it.each([
    ['used<101', 1],
    ['used < 50', 0],
    ['lasted>=30', 1],
    ['spread>99', 0],
    ['refused_tokens>0%', 1],
  ])('--fail-if %s ends with %i', async (condition, code) => {
    const args = ['--trace', trace, '--against', open, '--policy', even, '--fail-if', condition];
    const { err, ...ended } = await cli(['replay', ...args, '--fail-if', 'used<1']);
    expect(ended.code).toBe(code);
    expect(err.replace(/^Replayed .*\n/, '')).toBe(code === 0 ? '' : `--fail-if: ${condition} holds\n`);
  });

  it('that was recorded brings its own policy, and is checked against what became of it', async () => {
    const recorded = [
      '{"at":"2026-11-01T09:00:00Z","budget":"a","policy":{"cooldownMs":60000}}',
      '{"at":"2026-11-01T09:00:00.000001Z","budget":"a","ai":"x","tokens":10,"estimate":10,"outcome":"granted"}',
      '{"at":"2026-11-01T09:00:10Z","budget":"a","ai":"x","tokens":10,"estimate":10,"outcome":"denied"}',
    ];
    const own = file('recorded.jsonl', recorded.join('\n'));
    const { selfCheck } = await json('--trace', own);
    expect(selfCheck).toMatchObject({ recorded: 2, otherwise: 0 });
    const wrong = file('wrong.jsonl', recorded.join('\n').replace('"denied"', '"granted"'));
    expect((await json('--trace', wrong)).selfCheck.text).toBe(
      'under the policy in force 1 of 2 recorded outcomes differ (50.0%)',
    );
  });

  it.each<[string, () => string[], string]>([
    ['nothing to replay', () => [], 'name what to replay: --trace, --usage or --months'],
    ['two things', () => ['--trace', trace, '--months', '2'], 'name what to replay'],
    ['no file', () => ['--trace', join(folder, 'nothere')], 'there is no file'],
    ['a share above 1', () => ['--trace', trace, '--returns', '2'], 'a number from 0 to 1'],
    ['no condition', () => ['--trace', trace, '--fail-if', 'luck<3'], "'used<97'; figures are lasted, used"],
    ['a strange line', () => ['--trace', file('bad.csv', 'at,ai,tokens\n1,x,y')], 'bad.csv:2: tokens: "y"'],
    [
      'a policy without such a field',
      () => ['--trace', trace, '--against', open, '--policy', file('odd.yaml', 'paceing: EVEN')],
      'there is no paceing',
    ],
    [
      'a policy that cannot be set',
      () => ['--trace', trace, '--against', open, '--policy', file('poor.yaml', 'min_daily_percent: 60')],
      'the policy cannot be set: policy.min_daily_percent',
    ],
  ])('is refused in one line: %s', async (_, args, message) => {
    const { code, err } = await cli(['replay', ...args()]);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(err.trimEnd()).not.toContain('\n');
  });
});

describe('what a running service granted', () => {
  let service: Service;
  let env: Record<string, string>;
  let clients: LoadedClients;
  beforeAll(async () => {
    service = await startService();
    env = { GRPC_ADDRESS: service.grpcAddress };
    clients = new LoadedClients(service.grpcAddress);
    for (const [aiId, total] of [
      ['guardian', 200],
      ['imperium', 100],
    ] as const) {
      const asked = { budget_id: 'anthropic', ai_id: aiId, estimated_tokens: total + 50 };
      const { granted } = (await clients.call('AcquireSlot', asked)) as {
        granted: { lease: { lease_id: string } };
      };
      const usage = { tokens: { total_tokens: total }, model: 'm' };
      await clients.call('Release', { lease_id: granted.lease.lease_id, usage });
    }
  });
  afterAll(async () => {
    clients?.close();
    await service?.stop();
  });

  it('is exported, once, and replayed, without the service too', async () => {
    const [trace, usage] = [join(folder, 'calls.jsonl'), join(folder, 'usage.jsonl')];
    const exported = ['export', '--trace', trace, '--usage', usage];
    const { code: done, out: told, err: nothing } = await cli(exported, env);
    expect({ done, nothing }).toEqual({ done: 0, nothing: '' });
    const [calls, days, closing] = told.split('\n');
    expect(calls).toBe(`${trace}: 2 granted calls of the last 7 days; what was denied is stored nowhere`);
    expect(days).toBe(`${usage}: 1 days with usage`);
    expect(closing).toMatch(/^Exported 2 calls, 1 day, \d+ bytes, in /);
    expect(await cli(exported, env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('exists already'),
    });
    const [of, against] = [
      ['replay', '--json'],
      ['--against', file('default.yaml', '')],
    ];
    for (const args of [
      ['--trace', trace],
      ['--months', '1'],
      ['--usage', usage],
      ['--usage', usage, ...against],
    ]) {
      const { code, out, err } = await cli([...of, ...args], args.includes('--against') ? {} : env);
      expect({ args, code, err }).toEqual({
        args,
        code: 0,
        err: expect.stringContaining('Replayed 2 requests'),
      });
      const { current, selfCheck } = JSON.parse(out) as Comparison;
      expect(current.usedTokens).toBe(300);
      // Usage documents say how much an AI used, not in which calls: those are of one size.
      const asked = args.includes('--trace') ? [200, 100] : [150, 150];
      expect(current.byAi.map(({ aiId, granted }) => [aiId, granted.tokens])).toEqual([
        ['guardian', asked[0]],
        ['imperium', asked[1]],
      ]);
      expect(selfCheck.otherwise).toBe(0);
    }
  });

  it('is tried by the service itself, over Connect JSON too', async () => {
    const url = `http://${service.httpAddress}/budgetarbiter.v1.BudgetAdminService/SimulatePolicy`;
    const body = JSON.stringify({ budgetId: 'anthropic', policy: { maxRequestTokens: '100' } });
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(await answer.json()).toMatchObject({
      inForce: { usedTokens: '300', grantedRequests: 2 },
      candidate: { refusedRequests: 2, byRule: [{ rule: 'RULE_REQUEST_TOO_LARGE', requests: 2 }] },
      losses: [{ inForceTokens: '150' }, { inForceTokens: '150' }],
      recordedTokens: '300',
    });
  });

  it('needs files to write to', async () => {
    expect(await cli(['export'], env)).toMatchObject({ code: 2, err: expect.stringContaining('--trace') });
    expect(existsSync(join(folder, 'undefined'))).toBe(false);
  });
});
