import { expect, it } from 'vitest';
import type { OutcomeOf } from '../../src/domain/model/outcomes.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import { compare } from '../../src/replay/compare.js';
import { readTrace } from '../../src/replay/read-trace.js';
import { TraceRecorder } from '../../src/replay/trace-recorder.js';
import { Chance } from '../support/chance.js';
import { acquire, recordUnleased, refOf, release, usage } from '../support/requests.js';
import { randomFrom } from '../support/seed.js';
import { BUDGET, openWorld, wait } from './support/world.js';

const AIS = ['guardian', 'imperium', 'sandbox', 'conquest'];
/** Every kind of rule refuses now and then. */
const TIGHT: PolicyFields = {
  ...{
    monthlyLimit: 1_200_000,
    maxHourlyPercent: 4,
    maxDailyPercent: 20,
    minDailyPercent: 1,
    cooldownMs: 4_000,
  },
  ...{ maxConcurrent: 3, maxConcurrentPerAi: 2, maxRequestTokens: 900, leaseTtlMs: 3_600_000 },
  models: [['opus-*', { maxHourlyPercent: 50, maxConcurrent: 2 }]],
  teams: [['core', { aiIds: ['guardian', 'imperium'], maxDailyPercent: 60, maxConcurrent: 2 }]],
};

/** A service that is asked, waits, is reported to and told another policy, as chance has it: its recording, and what it answered. */
async function recordedRun(seed: number): Promise<{ lines: string[]; outcomes: Map<string, number> }> {
  const lines: string[] = [];
  const recorder = new TraceRecorder((line) => void lines.push(line));
  const world = await openWorld({ policy: TIGHT, observer: recorder, start: '2026-11-28T23:20:00Z' });
  const chance = new Chance(randomFrom(seed));
  const outcomes = new Map<string, number>();
  const held: { leaseId: string; fence: number; reserved: number }[] = [];
  const note = (outcome: OutcomeOf['acquire']) => {
    outcomes.set(outcome.kind, (outcomes.get(outcome.kind) ?? 0) + 1);
    if (outcome.kind !== 'granted') return;
    const { leaseId, fence, reservedTokens: reserved } = outcome.lease;
    held.push({ leaseId, fence, reserved });
  };
  for (let step = 0; step < 1_500; step += 1) {
    if (chance.maybe(0.7)) await world.scheduler.advance(chance.below(8_000));
    const [lease] = chance.maybe(0.45) ? held.splice(chance.below(held.length), 1) : [];
    if (lease !== undefined) {
      const total = Math.max(1, chance.below(lease.reserved + (chance.maybe(0.1) ? 200 : 0)));
      const ref = { leaseId: lease.leaseId, fence: lease.fence, budgetId: BUDGET, epoch: 1 };
      await world.ask({ ...release(ref), usage: usage(`r${step}`, total) });
    } else if (chance.maybe(0.02))
      await world.ask(recordUnleased(chance.pick(AIS), `u${step}`, chance.below(300)));
    else if (chance.maybe(0.005))
      await world.ask({ kind: 'put-policy', fields: { ...TIGHT, maxConcurrent: 2 + chance.below(3) } });
    else {
      const more = {
        ...(chance.maybe(0.8) && { estimatedTokens: 1 + chance.below(1_000) }),
        ...(chance.maybe(0.5) && { model: chance.pick(['opus-5', 'opus-6', 'haiku']) }),
      };
      const request = acquire(chance.pick(AIS), more);
      if (chance.maybe(0.3)) void wait(world, request, chance.below(9_000)).promise.then(note);
      else note(await world.ask(request));
    }
    await world.scheduler.settle();
  }
  await world.scheduler.advance(10_000);
  recorder.end();
  return { lines, outcomes };
}

it.each([1, 2, 3])(
  'a recorded run is reproduced under its own policy, request for request (run %i)',
  async (seed) => {
    const { lines, outcomes } = await recordedRun(seed);
    const trace = readTrace(lines, { file: 'recording' });
    const found = await compare(trace, { budgetId: BUDGET, fields: TIGHT });
    const [granted = 0, denied = 0] = [outcomes.get('granted'), outcomes.get('denied')];
    expect(Math.min(granted, denied)).toBeGreaterThan(100);
    expect(found?.selfCheck).toMatchObject({ recorded: granted + denied, otherwise: 0 });
    expect(found?.current.granted.requests).toBe(granted);
  },
);

it('a slot that is held when the recording ends, as where the service starts anew, is held until it runs out', async () => {
  const lines: string[] = [];
  const recorder = new TraceRecorder((line) => void lines.push(line));
  const policy = { cooldownMs: 0, maxConcurrent: 1, leaseTtlMs: 20_000 };
  const world = await openWorld({ policy, observer: recorder });
  const [first, denied] = [await world.ask(acquire('guardian')), await world.ask(acquire('imperium'))];
  await world.scheduler.advance(15_000);
  if (first.kind === 'granted') await world.ask({ kind: 'renew', lease: refOf(first) });
  recorder.end();
  expect([first.kind, denied.kind]).toEqual(['granted', 'denied']);
  expect(lines.join('')).toMatch(/"seconds":3(5|4.9999\d*),"outcome":"granted"/);
  const found = await compare(readTrace(lines, { file: 'recording' }), { budgetId: BUDGET, fields: {} });
  expect(found?.selfCheck).toMatchObject({ recorded: 2, otherwise: 0 });
});
