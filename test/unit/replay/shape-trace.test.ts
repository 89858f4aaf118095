import { expect, it } from 'vitest';
import { scaled, spanOf, stretched } from '../../../src/replay/shape-trace.js';
import type { Trace, TraceEntry } from '../../../src/replay/trace.js';
import { usageTrace } from '../../../src/replay/usage-trace.js';

const HOUR = 3_600_000_000;
const NOVEMBER = Date.UTC(2026, 10, 1) * 1_000;

async function* trace(...entries: readonly Partial<TraceEntry>[]): Trace {
  for (const entry of entries)
    yield {
      ...{ kind: 'slot', at: 0, aiId: 'a', model: '', tokens: 1, took: 0, waitMs: 0 },
      ...entry,
    } as TraceEntry;
}

async function all(entries: Trace): Promise<TraceEntry[]> {
  const found: TraceEntry[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}

it('scales tokens, and loses none to rounding', async () => {
  const asked = Array.from({ length: 100 }, () => ({ tokens: 3, estimate: 3, atLeast: 1 }));
  const scaledUp = await all(scaled(trace(...asked), 1.5));
  expect(scaledUp.reduce((sum, entry) => sum + ('tokens' in entry ? (entry.tokens ?? 0) : 0), 0)).toBe(450);
  expect(scaledUp[0]).toMatchObject({ tokens: 4, estimate: 5, atLeast: 2 });
  expect(await all(scaled(trace({ estimate: 8 }), 1))).toEqual(await all(trace({ estimate: 8 })));
});

it('stretches an hour over a month, from its first day on', async () => {
  const hour = [0, 0.25, 0.5, 1].map((part) => ({ at: NOVEMBER + 17 * 24 * HOUR + part * HOUR }));
  const span = await spanOf(trace(...hour));
  if (span === undefined) throw new Error('a trace with entries has a span');
  const days = (await all(stretched(trace(...hour), span, 30, 'UTC'))).map(
    ({ at }) => (at - NOVEMBER) / (24 * HOUR),
  );
  expect(days.map((day) => Math.round(day * 10) / 10)).toEqual([0, 7.5, 15, 30]);
  expect(days[3]).toBeLessThan(30);
  expect(await spanOf(trace())).toBeUndefined();
});

it('makes requests of usage documents: their mean size, by the shares of the day', async () => {
  const start = NOVEMBER / 1_000;
  const hours = [
    { start, tokens: 1_000 },
    { start: start + 3_600_000, tokens: 50 },
    { start: start + 7_200_000, tokens: 0 },
  ];
  const ais = new Map([
    ['a', 750],
    ['b', 300],
  ]);
  const day = { day: '2026-11-01', hours, ais, models: new Map([['m', 1_050]]) };
  const entries = await all(usageTrace([day], { meanTokens: 100, mostPerHour: 60 }));
  expect(entries).toHaveLength(11);
  const tokensOf = (aiId: string) =>
    entries.reduce(
      (sum, entry) => sum + ('aiId' in entry && entry.aiId === aiId ? (entry.tokens ?? 0) : 0),
      0,
    );
  expect([tokensOf('a'), tokensOf('b')]).toEqual([750, 300]);
  expect(entries[10]).toMatchObject({ at: NOVEMBER + HOUR, tokens: 50, estimate: 50, model: 'm' });
  // A day that says how many calls it had says how large they were.
  expect(await all(usageTrace([{ ...day, calls: 21 }], { meanTokens: 100, mostPerHour: 60 }))).toHaveLength(
    21,
  );
  // Never so many that a large budget's month takes for ever.
  expect(await all(usageTrace([day], { meanTokens: 1, mostPerHour: 10 }))).toHaveLength(20);
});
