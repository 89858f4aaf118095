import { expect, it } from 'vitest';
import type { Caller, ServicePort, UsageQuery, UsageRows } from '../../../src/arbiter/service-port.js';
import { listUsage } from '../../../src/arbiter/usage-listing.js';
import { policyInForce } from '../../../src/domain/model/policy.js';
import type { UsageDay } from '../../../src/domain/model/state.js';
import { dayIn, daysBetween } from '../../../src/domain/time/calendar.js';
import { usageDay } from '../../store/samples.js';

const DAYS: readonly UsageDay[] = Array.from({ length: 30 }, (_, at) =>
  usageDay(dayIn('2026-11', at + 1), 1, {
    total: 30,
    ais: new Map([
      ['a', 10],
      ['b', 20],
    ]),
  }),
);

/** What is asked of the store beside the rows. */
function serving() {
  const read: string[] = [];
  const budget = { zone: 'UTC', policy: policyInForce({}) };
  const snapshot = { budget, month: { key: '2026-11' } };
  const port = {
    submit: async () => ({ kind: 'snapshot', snapshot }),
    usageDays: async (_snapshot: unknown, from: string, to: string) => {
      read.push(`${from}..${to}`);
      return DAYS.filter(({ day }) => from <= day && day <= to);
    },
  } as unknown as ServicePort;
  const list = async (query: Partial<UsageQuery>): Promise<UsageRows> => {
    const whole = {
      groupBy: 'DAY',
      fromDay: '2026-11-01',
      toDay: '2026-11-30',
      pageSize: 1_000,
      ...query,
    } as const;
    const found = await listUsage(port, 'anthropic', whole, {} as Caller);
    if ('kind' in found && found.kind === 'refused') throw new Error(JSON.stringify(found));
    return found as UsageRows;
  };
  const pages = async (query: Partial<UsageQuery>): Promise<UsageRows[]> => {
    const found: UsageRows[] = [];
    for (let afterKey: string | undefined; ; ) {
      const page = await list({ ...query, ...(afterKey !== undefined && { afterKey }) });
      found.push(page);
      afterKey = page.nextKey;
      if (afterKey === undefined) return found;
    }
  };
  return { read, list, pages };
}

it.each<[string, Partial<UsageQuery>]>([
  ['days', { groupBy: 'DAY' }],
  ['days and AIs', { by: ['DAY', 'AI'] }],
  ['days and AIs, of one AI', { by: ['DAY', 'AI'], aiId: 'b' }],
  ['AIs and days', { by: ['AI', 'DAY'] }],
  ['days, the last first', { groupBy: 'DAY', descending: true }],
  ['days and AIs, by tokens', { by: ['DAY', 'AI'], orderBy: 'TOKENS' }],
])('pages of %s are the whole list, each with the sums of all', async (_name, query) => {
  const { list, pages } = serving();
  const whole = await list(query);
  for (const pageSize of [1, 7, 59, 60]) {
    const found = await pages({ ...query, pageSize });
    expect(found.flatMap(({ rows }) => rows)).toEqual(whole.rows);
    for (const { totalTokens, totalCalls, budgetTokens } of found)
      expect([totalTokens, totalCalls, budgetTokens]).toEqual([
        whole.totalTokens,
        whole.totalCalls,
        whole.budgetTokens,
      ]);
  }
});

it('a later page in the order of days reads no days before it, and few after', async () => {
  const { read, pages } = serving();
  const found = await pages({ by: ['DAY', 'AI'], pageSize: 10 });
  expect(found).toHaveLength(6);
  const [first, ...later] = read.map((span) => span.split('..') as [string, string]);
  expect(first).toEqual(['2026-11-01', '2026-11-30']);
  expect(later[0]?.[0]).toBe('2026-11-05');
  for (const [from, to] of later) expect(daysBetween(from, to)).toBeLessThan(7);
  expect(later.length).toBeLessThan(2 * found.length);
});
