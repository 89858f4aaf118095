import { ArbiterError, type CallerRequest } from '../../src/arbiter/door.js';
import { parseLeaseId } from '../../src/domain/lease-id.js';
import type { PolicyFields } from '../../src/domain/policy.js';
import type { Journal } from './invariants.js';
import { BUDGET, GaveUp, type SimWorld } from './sim-world.js';

const HOUR_MS = 3_600_000;

export function randomPolicy(world: SimWorld): PolicyFields {
  return {
    monthlyLimit: 100_000,
    maxDailyPercent: 20,
    maxHourlyPercent: 10,
    pacing: world.pick(['NONE', 'FLOOR', 'EVEN'] as const),
    onExpiry: world.pick(['CHARGE', 'REFUND'] as const),
    cooldownMs: world.pick([0, 500]),
    maxConcurrent: world.pick([1, 2, 4]),
    maxConcurrentPerAi: world.pick([1, 3]),
    leaseTtlMs: 4_000,
    maxLeaseDurationMs: 30_000,
    lateReportGraceMs: world.pick([0, 5_000, HOUR_MS]),
    timeZone: world.pick(['UTC', 'Europe/Berlin', 'Asia/Kolkata']),
    ...(world.random() < 0.3 ? { tokenWeights: { total: 33.3 } } : {}),
  };
}

/** Operators, crashes, clocks and the calendar: what happens to a service beside its callers. */
export async function disturb(world: SimWorld, journal: Journal, steps: number): Promise<void> {
  for (let step = 0; step < steps; step += 1) {
    await world.pause(world.random() * 4_000);
    await world.pick(DISTURBANCES)(world, journal, step);
  }
  await ask(world, { kind: 'resume' });
}

type Disturbance = (world: SimWorld, journal: Journal, step: number) => Promise<void> | void;

const DISTURBANCES: readonly Disturbance[] = [
  (world) => world.crashSomeCopy(),
  (world) => world.crashSomeCopy(),
  (world) => world.disturbSomeClock(),
  (world) => {
    const ms = world.pick([60_000, HOUR_MS, 7 * HOUR_MS, 26 * HOUR_MS]);
    world.note(`${ms / 60_000} minutes pass`);
    world.time.skip(ms);
  },
  (world) => ask(world, { kind: 'put-policy', fields: randomPolicy(world) }),
  (world) => ask(world, { kind: 'pause', reason: 'test' }),
  (world) => ask(world, { kind: 'resume' }),
  (world) => ask(world, { kind: 'resume' }),
  revokeSome,
  adjust,
  recreate,
  clockRunsAhead,
];

async function revokeSome(world: SimWorld): Promise<void> {
  const state = await world.inner.load(BUDGET);
  const lease = [...(state?.sections.leases.values() ?? [])][0];
  const ref = lease && parseLeaseId(lease.leaseId);
  if (ref) await ask(world, { kind: 'revoke', lease: ref, reason: 'test' });
}

async function adjust(world: SimWorld, journal: Journal, step: number): Promise<void> {
  const adjustmentId = `adjustment-${step}`;
  const tokens = world.random() < 0.6 ? Math.ceil(world.random() * 500) : -Math.ceil(world.random() * 200);
  journal.adjustments.set(adjustmentId, tokens);
  const daysAgo = Math.floor(world.random() * 3);
  const day = new Date(world.time.now - daysAgo * 24 * HOUR_MS).toISOString().slice(0, 10);
  await ask(world, { kind: 'adjust', adjustmentId, tokens, reason: 'test', fingerprint: String(tokens), day, model: 'm' });
}

async function recreate(world: SimWorld): Promise<void> {
  if (world.random() < 0.7) return;
  world.note('the budget is deleted and created again');
  await ask(world, { kind: 'delete-budget', force: true });
  await ask(world, { kind: 'put-policy', fields: randomPolicy(world) });
}

/** The store's own clock is wrong for a while; then an operator resets the budget's. */
async function clockRunsAhead(world: SimWorld): Promise<void> {
  if (world.random() < 0.5) return;
  world.note('the clock of the store runs ahead');
  // Not by 7 days or more: how long an id is known is measured by this clock.
  world.time.storeErrorMs = world.pick([10_000, 3 * HOUR_MS, 50 * HOUR_MS]);
  await world.pause(2_000);
  world.time.storeErrorMs = 0;
  await ask(world, { kind: 'reset-clock' });
}

async function ask(world: SimWorld, request: CallerRequest): Promise<void> {
  world.note(request.kind);
  for (let attempt = 0; attempt < 12; attempt += 1) {
    try {
      await world.call(request);
      return;
    } catch (error) {
      if (!(error instanceof ArbiterError) && !(error instanceof GaveUp)) throw error;
      await world.pause(500);
    }
  }
}
