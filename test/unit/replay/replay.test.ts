import { describe, expect, it } from 'vitest';
import type { Pacing, PolicyFields } from '../../../src/domain/model/policy.js';
import { clairvoyantSpread } from '../../../src/replay/clairvoyant.js';
import { Replay, type ReplayOptions } from '../../../src/replay/replay.js';
import { type Outcome, outcomeOf } from '../../../src/replay/report.js';
import type { AskedSlot, TraceEntry } from '../../../src/replay/trace.js';
import { WaitTimes } from '../../../src/replay/wait-times.js';

const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;
const NOVEMBER = Date.UTC(2026, 10, 1) * 1_000;

/** Nothing refuses but what a test is about. */
const OPEN: PolicyFields = {
  ...{ monthlyLimit: 1_000_000, enforcedPercent: 100, emergencyPercent: 100, pacing: 'NONE' },
  ...{ maxHourlyPercent: 100, maxDailyPercent: 100, minDailyPercent: 0, cooldownMs: 0 },
  ...{ maxConcurrent: 1_000, maxConcurrentPerAi: 1_000 },
};

function slot(at: number, entry: Partial<AskedSlot> = {}): AskedSlot {
  const asked = {
    kind: 'slot',
    aiId: 'a',
    model: 'm',
    tokens: 100,
    estimate: 100,
    took: 0,
    waitMs: 0,
  } as const;
  return { ...asked, at: NOVEMBER + at, ...entry };
}

async function replayed(
  entries: readonly TraceEntry[],
  fields: PolicyFields,
  options: Partial<ReplayOptions> = {},
): Promise<Outcome> {
  const replay = await Replay.begin({ budgetId: 'anthropic', fields, ...options }, NOVEMBER);
  for (const entry of entries) await replay.take(entry);
  return outcomeOf(replay, await replay.end());
}

/** So many requests each day of the month, in turn of three AIs. */
function month(perDay: number): AskedSlot[] {
  return Array.from({ length: 30 * perDay }, (_, nth) =>
    slot(Math.floor((nth * DAY) / perDay), { aiId: `ai-${nth % 3}` }),
  );
}

describe('a month of more demand than there is', () => {
  it.each<[Pacing, number, boolean]>([
    ['NONE', 13, true],
    ['FLOOR', 30, false],
    ['EVEN', 30, false],
  ])('lasts under %s for %i days', async (pacing, lastedDays, isDry) => {
    const fields: PolicyFields = {
      ...OPEN,
      monthlyLimit: 100_000,
      maxDailyPercent: 8,
      minDailyPercent: 2,
      pacing,
    };
    const outcome = await replayed(month(96), fields);
    expect(outcome).toMatchObject({ lastedDays, asked: { requests: 2_880, tokens: 288_000 } });
    expect(outcome.months[0]?.isDry).toBe(isDry);
    expect(outcome.usedPercent).toBeGreaterThan(97);
    expect(outcome.granted.tokens + outcome.refused.tokens).toBe(288_000);
    expect(outcome.usedTokens).toBe(outcome.granted.tokens);
    expect(outcome.clairvoyantSpreadPercent).toBe(0);
  });
});

it('says what was refused, by rule and by AI, and when it began', async () => {
  const entries = [slot(0), slot(SECOND, { aiId: 'b', tokens: 5_000, estimate: 5_000 }), slot(2 * SECOND)];
  const outcome = await replayed(entries, { ...OPEN, maxRequestTokens: 1_000 });
  expect(outcome.byRule).toEqual([{ rule: 'REQUEST_TOO_LARGE', requests: 1, tokens: 5_000 }]);
  expect(outcome.byAi.map(({ aiId, granted, refused }) => [aiId, granted.tokens, refused.tokens])).toEqual([
    ['b', 0, 5_000],
    ['a', 200, 0],
  ]);
  expect(outcome.firstRefusal).toMatchObject({ at: NOVEMBER / 1_000 + 1_000, aiId: 'b' });
});

it('holds a slot for as long as it took, and lets others wait for it in turn', async () => {
  const fields = { ...OPEN, maxConcurrent: 1 };
  const entries = [
    slot(0, { took: 60 * SECOND }),
    slot(SECOND, { aiId: 'b', waitMs: 90_000, took: SECOND }),
    slot(2 * SECOND, { aiId: 'c', waitMs: 10_000 }),
    slot(3 * SECOND, { aiId: 'd' }),
    slot(100 * SECOND, { aiId: 'd' }),
  ];
  const outcomes: string[] = [];
  const settled = (asked: AskedSlot, outcome: string) => void outcomes.push(`${asked.aiId} ${outcome}`);
  const outcome = await replayed(entries, fields, { settled });
  expect(outcomes).toEqual(['a granted', 'd denied', 'c denied', 'b granted', 'd granted']);
  expect(outcome.waitP95Ms / 59_000).toBeCloseTo(1, 1);
});

it('brings back what is refused an hour later, as much of it as is said', async () => {
  const fields = { ...OPEN, cooldownMs: 1_800_000 };
  const entries = Array.from({ length: 11 }, (_, nth) => slot(nth * SECOND));
  expect((await replayed(entries, fields)).granted.requests).toBe(1);
  // One each hour: the others are refused once more, and so on.
  const all = await replayed(entries, fields, { returns: 1 });
  expect(all.granted.requests).toBe(11);
  expect(all.asked.requests).toBe(11);
  expect((await replayed(entries, fields, { returns: 0.5 })).granted.requests).toBe(3);
});

it('counts what was spent without a slot, and follows the policies of the trace, changed as asked', async () => {
  const unleased: TraceEntry = { kind: 'unleased', at: NOVEMBER, aiId: 'a', model: '', tokens: 950_000 };
  const entries = [unleased, slot(1), { kind: 'policy', at: NOVEMBER + 2, fields: {} } as const, slot(3)];
  const outcome = await replayed(entries, OPEN);
  expect([outcome.granted.requests, outcome.refused.requests]).toEqual([1, 1]);
  const change = { fields: { ...OPEN, monthlyLimit: 10_000_000 } };
  expect((await replayed(entries, OPEN, { change })).granted.requests).toBe(2);
});

it('refuses a policy that cannot be set', async () => {
  const options = { budgetId: 'anthropic', fields: { minDailyPercent: 50, maxDailyPercent: 10 } };
  await expect(Replay.begin(options, NOVEMBER)).rejects.toThrow('min_daily_percent');
});

it.each([
  [[10, 20, 30], 60, 66.67],
  [[10, 20, 30], 45, 42.86],
  [[10, 20, 30], 30, 0],
  [[10, 20, 0, 30], 15, 0],
  [[], 0, 0],
])('with demands of %j who knows them has for %i tokens a spread of %f', (demand, use, spread) => {
  expect(clairvoyantSpread(demand, use)).toBeCloseTo(spread, 2);
});

it('reads waits out to a hundredth', () => {
  const waits = new WaitTimes();
  expect(waits.percentile(95)).toBe(0);
  for (let ms = 1; ms <= 1_000; ms += 1) waits.note(ms);
  expect(waits.percentile(50) / 500).toBeCloseTo(1, 1);
  expect(waits.percentile(95) / 950).toBeCloseTo(1, 1);
});
