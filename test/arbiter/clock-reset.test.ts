import { describe, expect, it } from 'vitest';
import { caller } from '../support/caller.js';
import { recordUnleased } from '../support/requests.js';
import { BUDGET, openWorld, ROOMY, type World } from './support/world.js';

async function stateAt(world: World, moment: string) {
  world.clock.set(moment);
  await world.scheduler.advance(20_000);
  return world.state();
}

/** Found by the simulation: what a future that never was leaves behind must not keep days in the state. */
describe('days after a clock was reset', () => {
  it('close although a later day was opened before, and nothing is used today', async () => {
    const world = await openWorld();
    world.clock.set('2026-11-12T12:00:00Z');
    await world.ask(recordUnleased('guardian', 'wrong', 10));
    world.clock.set('2026-11-10T12:00:00Z');
    await world.ask({ kind: 'reset-clock' });
    await world.ask(recordUnleased('guardian', 'right', 10));
    const { sections } = await stateAt(world, '2026-11-11T00:01:00Z');
    expect([...sections.days.keys()]).not.toContain('2026-11-10');
    expect(sections.outbox.size).toBe(0);
  });

  it('come back with the end that the zone of now gives them, so that they are not closed at once', async () => {
    const world = await openWorld({ replicas: 2, policy: { ...ROOMY, timeZone: 'Asia/Kolkata' } });
    await world.ask(recordUnleased('guardian', 'early', 10));
    await world.ask({ kind: 'put-policy', fields: { ...ROOMY, timeZone: 'Europe/Berlin' } });
    // In the next month the new zone holds, and after the reset it goes on to.
    await stateAt(world, '2026-12-02T12:00:00Z');
    world.clock.set('2026-11-10T19:00:00Z');
    await world.ask({ kind: 'reset-clock' });
    const { end } = (await world.state()).sections.days.get('2026-11-10') ?? {};
    expect(end).toBe(Date.parse('2026-11-10T23:00:00Z'));
    expect((await world.snapshot()).windows[2]?.spent).toBe(10);
  });
});

/** A step of the clock is the whole process's, so it is nothing that one budget's operator may have believed. */
describe('a step of the clock', () => {
  const ASKED = [
    ['for a budget that does not exist', 'nowhere', undefined, 'BUDGET_NOT_FOUND', 0],
    ['by an operator of some budgets', BUDGET, true, 'CLOCK_NOT_TRUSTED', 0],
    ['by an operator over all budgets', BUDGET, undefined, undefined, 1],
  ] as const;

  it.each(ASKED)('%s', async (_, budgetId, ofSomeBudgets, reason, steps) => {
    const { arbiter, clock, scheduler } = await openWorld();
    clock.distrust('it stepped');
    const request = { kind: 'reset-clock', ...(ofSomeBudgets && { ofSomeBudgets }) } as const;
    const outcome = await scheduler.until(arbiter.submit(budgetId, request, caller()));
    expect(outcome.kind === 'refused' ? outcome.refusal.reason : undefined).toBe(reason);
    expect(clock.acceptedSteps).toBe(steps);
  });

  it.each([
    ['ahead', 60_000],
    ['behind', -60_000],
  ])('is nobody’s business while the time is trusted: the budget’s clock was %s', async (_, aheadMs) => {
    const { ask, clock, scheduler } = await openWorld();
    await ask(recordUnleased('guardian', 'u', 10));
    const before = clock.read().now;
    clock.set(new Date(before - aheadMs).toISOString());
    const outcome = await ask({ kind: 'reset-clock', ofSomeBudgets: true });
    expect(outcome).toMatchObject({ kind: 'clock-reset', before });
    const after = outcome.kind === 'clock-reset' ? outcome.after : 0;
    expect(Math.abs(after - (before - aheadMs))).toBeLessThan(1_000);
    expect(clock.acceptedSteps).toBe(0);
    await scheduler.advance(10);
    expect((await ask({ kind: 'get-snapshot' })).kind).toBe('snapshot');
  });
});
