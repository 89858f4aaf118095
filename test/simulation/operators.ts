import type { CallerRequest } from '../../src/arbiter/service-port.js';
import { alertIdOf } from '../../src/domain/alerts/alerts.js';
import { KEPT_CHANGES } from '../../src/domain/model/changes.js';
import { parseLeaseId } from '../../src/domain/model/lease-id.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import { refOf } from '../support/requests.js';
import { largerMonth, overCaps } from '../support/top-ups.js';
import { SimulatedCaller } from './caller.js';
import { wrongOfListing } from './change-invariants.js';
import { extremePolicy } from './extremes.js';
import { BUDGET, type Replica, type SimWorld } from './sim-world.js';

const HOUR_MS = 3_600_000;
const WEIGHTS: readonly NonNullable<PolicyFields['tokenWeightsByModel']>[] = [
  [],
  [['m*', { total: 50 }]],
  [['other', { total: 50 }]],
];
const ZONES = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe'];

export function randomPolicy(world: SimWorld): PolicyFields {
  const monthlyLimit = world.pick([100_000, 100_000, 20_000]);
  return extremePolicy(world.extreme, {
    monthlyLimit,
    maxDailyPercent: 20,
    // In some runs 280 tokens, so that much is asked of top-ups.
    maxHourlyPercent: world.pick([10, 40_000 / monthlyLimit]),
    pacing: world.pick(['NONE', 'FLOOR', 'EVEN'] as const),
    evennessPercent: world.pick([93.3333, 99.9, 0]),
    onExpiry: world.pick(['CHARGE', 'REFUND'] as const),
    cooldownMs: world.pick([0, 0, 500, 500, 15_000]),
    maxConcurrent: world.pick([1, 2, 4]),
    maxConcurrentPerAi: world.pick([1, 3]),
    leaseTtlMs: 4_000,
    sessionGraceMs: world.pick([0, 2_000, 10_000]),
    maxLeaseDurationMs: 30_000,
    lateReportGraceMs: world.pick([0, 5_000, HOUR_MS]),
    timeZone: world.pick(ZONES),
    minEstimate: world.pick([0, 0, 150]),
    rolloverMaxPercent: world.pick([0, 5]),
    // Less than a day may take: then pacing never admits some requests.
    ...(world.random() < 0.1 ? { emergencyPercent: 1.5, minDailyPercent: 0 } : {}),
    ...(world.random() < 0.3 ? { tokenWeights: { total: 33.3 } } : {}),
    ...{ unit: world.pick(['tokens', 'tokens', 'USD']), minReservation: 100 },
    tokenWeightsByModel: world.pick(WEIGHTS),
    ...(world.random() < 0.1 ? { mode: 'OBSERVE' as const } : {}),
    ...randomScopes(world),
    ...(world.random() < 0.3 ? guarantees(world) : {}),
  });
}

/** What two teams are guaranteed, in percent: all of it, too. */
export const GUARANTEED_PERCENTS = [
  [40, 20],
  [50, 50],
  [5, 60],
] as const;

/** Of two teams; the other AIs are in none. */
function guarantees(world: SimWorld): PolicyFields {
  const [ofOne, ofOther] = world.pick(GUARANTEED_PERCENTS);
  return {
    lending: world.pick(['GRADUAL', 'GRADUAL', 'NEVER'] as const),
    teams: [
      ['one', { aiIds: ['ai-0'], guaranteedPercent: ofOne, guaranteedSlots: world.pick([0, 1]) }],
      ['other', { aiIds: ['ai-1', '*ai-2*'], guaranteedPercent: ofOther }],
    ],
  };
}

/** AIs move between teams, and models between patterns, with every change of the policy. */
function randomScopes(world: SimWorld): Pick<PolicyFields, 'teams' | 'models'> {
  const limits = () => ({
    maxHourlyPercent: world.pick([100, 70, 40]),
    maxDailyPercent: world.pick([100, 60, 30]),
    maxMonthlyPercent: world.pick([100, 20]),
    maxConcurrent: world.pick([0, 0, 1, 3]),
  });
  const teams = world.pick([
    [],
    [['left', ['*ai-0', '*ai-1']] as const, ['right', ['*']] as const],
    [['left', ['*ai-1', '*ai-2']] as const],
  ]);
  const models = world.pick([[], ['*', 'm-dear'], ['m-*', '(un*']]);
  return {
    teams: teams.map(([teamId, aiIds]) => [teamId, { aiIds, ...limits() }]),
    models: models.map((pattern) => [pattern, limits()]),
  };
}

/** Under it, and with demand within its reservations, every day finds its minimum. */
export function floorPolicy(world: SimWorld): PolicyFields {
  return {
    ...randomPolicy(world),
    ...(world.random() < 0.6 ? guarantees(world) : {}),
    ...{
      pacing: 'FLOOR',
      onExpiry: 'CHARGE',
      mode: 'ENFORCE',
      tokenWeights: {},
      tokenWeightsByModel: [],
      cooldownMs: 0,
      maxConcurrent: 4,
    },
    // So little that one day could burn it all.
    ...{
      monthlyLimit: 4_000,
      minDailyPercent: 3,
      emergencyPercent: 98,
      maxDailyPercent: 60,
      maxHourlyPercent: 50,
    },
  };
}

/** Operators, crashes, clocks and the calendar: what happens to a service beside its callers. */
export class Operator extends SimulatedCaller {
  /** `gentle`: whoever watches the promise of pacing FLOOR changes no policy and corrects no figure. */
  async run(steps: number, gentle: boolean): Promise<void> {
    const { world } = this;
    if (!gentle && world.random() < 0.7) await this.topUp(steps);
    for (let step = 0; step < steps; step += 1) {
      await world.pause(world.random() * 4_000);
      if (world.mindsAlerts && step % 3 === 1) await this.mindAlerts();
      await world.pick(gentle ? [...FAULTS, nextDay, nextDay, lateInHour] : [...FAULTS, ...ORDERS])(
        this,
        step,
      );
    }
    await this.order({ kind: 'resume' });
  }

  async order(request: CallerRequest, replica?: Replica): Promise<void> {
    this.world.note(request.kind);
    await this.ask(request, replica && { replica });
  }

  async revokeSome(): Promise<void> {
    const state = this.world.store.peekState(BUDGET);
    const lease = [...(state?.sections.leases.values() ?? [])][0];
    const ref = lease && parseLeaseId(lease.leaseId);
    if (ref) await this.order({ kind: 'revoke', lease: ref, reason: 'test' });
  }

  async adjust(step: number): Promise<void> {
    const { world, journal } = this;
    const adjustmentId = `adjustment-${step}`;
    const tokens = world.random() < 0.4 ? Math.ceil(world.random() * 500) : -Math.ceil(world.random() * 200);
    const daysAgo = Math.floor(world.random() * 3);
    const someDay = new Date(world.time.now - daysAgo * 24 * HOUR_MS).toISOString().slice(0, 10);
    // What a correction reads back may be old.
    if (world.random() < 0.3) world.failOver();
    const model = world.pick(['m', undefined, '(unknown)']);
    // Somebody looks first at what was presumed, and says whose was wrong.
    const aim = world.pick([
      this.somePresumed(),
      this.somePresumed(),
      this.someTopped(),
      this.someTopped(),
      undefined,
    ]);
    const { day, aiId } = aim ?? { day: someDay, aiId: world.pick([undefined, 'ai-0', 'ai-1']) };
    const whose = { ...(model && { model }), ...(aiId && { aiId }) };
    journal.adjustments.set(adjustmentId, tokens);
    if (tokens < 0 && model !== 'm') journal.corrected.add(`${day} ${aiId ?? ''}`);
    const fingerprint = JSON.stringify({ tokens, ...whose });
    const request = {
      kind: 'adjust',
      adjustmentId,
      tokens,
      reason: 'test',
      day,
      ...whose,
      fingerprint,
    } as const;
    for (let times = world.random() < 0.3 ? 2 : 1; times > 0; times -= 1) await this.order(request);
  }

  /** Over caps for a while, or for a month; and some are ended, under the leases that they were given to. */
  async topUp(step: number): Promise<void> {
    const { world } = this;
    const known = [...(world.store.peekState(BUDGET)?.sections.topUps.keys() ?? [])];
    if (known.length > 0 && world.random() < 0.4) {
      await this.order({ kind: 'end-top-up', topUpId: world.pick(known), reason: 'test' });
      return;
    }
    const tokens = Math.ceil(world.random() * world.pick([400, 4_000, 40_000]));
    const teams = this.teams().map((teamId) => ({ teamId }));
    const whose = world.pick([{}, {}, { aiId: 'ai-0' }, { aiId: 'ai-1' }, ...teams]);
    const expiresAt = world.time.now + world.pick([20_000, HOUR_MS, 40 * HOUR_MS]);
    const request =
      world.random() < 0.8
        ? overCaps(`top-up-${step}`, tokens, expiresAt, whose)
        : largerMonth(`top-up-${step}`, tokens);
    for (let times = world.random() < 0.3 ? 2 : 1; times > 0; times -= 1) await this.order(request);
  }

  /** Of what stands or of anything, and sometimes no longer. */
  async mindAlerts(): Promise<void> {
    const { world } = this;
    const until =
      world.random() < 0.3 ? {} : { until: world.time.now + world.pick([5_000, 60_000, 600_000]) };
    const rules = world.pick([[], [], ['WARNING'], ['HOURLY_BURST', 'LEASE_EXPIRED']]);
    const silenced = this.order({ kind: 'silence-alerts', rules, reason: 'test', ...until });
    // Another operator may be as fast: then one commit carries what both changed.
    if (world.random() < 0.5) await silenced;
    const marks = [...(world.store.peekState(BUDGET)?.sections.alerts.values() ?? [])];
    const minded = marks.length === 0 ? undefined : world.pick(marks);
    if (minded !== undefined)
      await this.order({ kind: 'acknowledge-alert', alertId: alertIdOf(minded), reason: 'test' });
    await silenced;
  }

  /** By one replica, while another hears nothing; that one is asked when a fail-over shows the moment between the two orders again. */
  async pauseBriefly(step: number): Promise<void> {
    const { world } = this;
    const asked = world.pick(world.replicas);
    const other = world.replicas.find((replica) => replica !== asked) ?? asked;
    await this.order({ kind: 'pause', reason: 'test' }, other);
    await this.order({ kind: 'resume' }, other);
    world.failOver({ writes: world.pick([1, 1, 2]), parts: ['budgets'], reads: 5, endsByWrite: false });
    const nonce = `brief-${step}`;
    const outcome = await this.ask(
      {
        ...{ kind: 'acquire', aiId: 'ai-brief', requestId: nonce, requestIdMade: false, nonce },
        ...{ fingerprint: 'f', leaseTtlMs: 1_000, estimatedTokens: 1 },
      },
      { replica: asked },
    );
    if (outcome?.kind === 'granted') await this.order({ kind: 'release', lease: refOf(outcome) });
  }

  private teams(): string[] {
    const policy = this.world.store.peekState(BUDGET)?.sections.settings.get('policy');
    return policy !== undefined && 'fields' in policy ? (policy.fields.teams ?? []).map(([id]) => id) : [];
  }

  /** What was spent before there was a budget. */
  async bringIn(tokens: number): Promise<void> {
    const adjustmentId = 'before';
    this.journal.adjustments.set(adjustmentId, tokens);
    const fingerprint = JSON.stringify({ tokens });
    await this.order({ kind: 'adjust', adjustmentId, tokens, reason: 'test', fingerprint });
  }

  private somePresumed(): { readonly day: string; readonly aiId: string } | undefined {
    const state = this.world.store.peekState(BUDGET);
    const presumed = [...(state?.sections.dayPresumed ?? [])];
    if (presumed.length === 0) return undefined;
    const [key, { aiId }] = this.world.pick(presumed);
    return { day: key.slice(0, 10), aiId };
  }

  /** A day of the month, open or written out, in which some came from a top-up. */
  private someTopped(): { readonly day: string; readonly aiId: string | undefined } | undefined {
    const { world } = this;
    const { toppedDays = new Map(), toppedAis = new Map() } = world.store.peekState(BUDGET)?.sections ?? {};
    if (toppedDays.size === 0) return undefined;
    const ais = [...toppedAis.keys()].filter((key) => key[7] === ' ').map((key) => key.slice(8));
    return { day: world.pick([...toppedDays.keys()]), aiId: world.pick([undefined, ...ais]) };
  }

  /** While the budget is changed, and after a fail-over. */
  async listChanges(): Promise<void> {
    const { world } = this;
    const replica = world.pick(world.replicas);
    const known = await this.ask({ kind: 'get-changes' }, { replica });
    if (known?.kind !== 'changes' || !replica.link.alive) return;
    const listed = replica.arbiter.changes(known, Number.MAX_SAFE_INTEGER, KEPT_CHANGES);
    // A store that does not answer tells nothing; nor does a replica that crashes now.
    const found = await Promise.race([listed.catch(() => undefined), world.pause(10_000)]);
    if (found !== undefined) for (const what of wrongOfListing(known, found)) world.violated(what);
  }

  async recreate(): Promise<void> {
    const { world } = this;
    if (world.random() < 0.7) return;
    world.epochs += 1;
    await this.order({ kind: 'delete-budget', force: true });
    await this.order({ kind: 'put-policy', fields: randomPolicy(world) });
    this.journal.recreated();
    world.epochs += 1;
    if (world.random() < 0.5) await this.changeUnit();
  }

  /** Only a budget that nothing counts in takes it. */
  async changeUnit(): Promise<void> {
    const unit = this.world.pick(['tokens', 'USD', 'EUR']);
    await this.order({ kind: 'put-policy', fields: { unit }, updateMask: ['unit'] });
  }

  /** The store's own clock is wrong for a while; then an operator resets the budget's. */
  async clockRunsAhead(): Promise<void> {
    const { world } = this;
    if (world.random() < 0.5) return;
    world.note('the clock of the store runs ahead');
    // Not by 7 days or more: how long an id is known is measured by this clock.
    world.misleadTime(world.pick([10_000, 3 * HOUR_MS, 50 * HOUR_MS]));
    await world.pause(7_000);
    world.misleadTime(0);
    await world.pause(7_000 + world.random() * 40_000);
    world.promises = { ...world.promises, clockWasReset: true };
    await this.order({ kind: 'reset-clock' });
  }

  /** A majority is out of reach for a while. Then it is back, or another node is the primary, with a clock of its own. */
  async stall(): Promise<void> {
    const { world } = this;
    world.stall();
    await world.pause(world.random() * 6_000);
    world.endStall(world.pick(['heal', 'failOver', 'failOver']));
  }
}

/** When some of what is kept for guaranteed teams has melted. */
const lateInHour: Disturbance = ({ world }) =>
  world.skip((HOUR_MS - (world.time.now % HOUR_MS)) * (1 - world.random() / 2));

const nextDay: Disturbance = ({ world }) => world.skip(26 * HOUR_MS);

type Disturbance = (operator: Operator, step: number) => Promise<void> | void;

const FAULTS: readonly Disturbance[] = [
  ({ world }) => world.crashSomeReplica(),
  ({ world }) => world.crashSomeReplica(),
  ({ world }) => world.disturbSomeClock(),
  ({ world }) => world.skip(world.pick([60_000, HOUR_MS, 7 * HOUR_MS, 26 * HOUR_MS])),
  lateInHour,
  (operator) => operator.stall(),
  ({ world }) => world.failOver(),
  (operator) => operator.revokeSome(),
  ({ world }) => world.tidyByWrongClock(world.pick([-40, 10, 40, 400, 1_100]) * 24 * HOUR_MS),
];

const ORDERS: readonly Disturbance[] = [
  (operator) => operator.order({ kind: 'put-policy', fields: randomPolicy(operator.world) }),
  (operator) => operator.order({ kind: 'pause', reason: 'test' }),
  (operator) => operator.order({ kind: 'resume' }),
  (operator) => operator.order({ kind: 'resume' }),
  (operator, step) => operator.adjust(step),
  (operator, step) => operator.topUp(step),
  (operator, step) => operator.topUp(step),
  (operator, step) => operator.adjust(step),
  (operator, step) => operator.pauseBriefly(step),
  (operator) => operator.listChanges(),
  (operator) => operator.recreate(),
  (operator) => operator.changeUnit(),
  (operator) => operator.clockRunsAhead(),
];
