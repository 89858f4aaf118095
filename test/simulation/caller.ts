import { ArbiterError, type CallerRequest } from '../../src/arbiter/service-port.js';
import { parseLeaseId } from '../../src/domain/model/lease-id.js';
import type { OutcomeOf, Refusal } from '../../src/domain/model/outcomes.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import type { AcquireRequest } from '../../src/domain/model/requests.js';
import type { StoredPolicy, StoredState } from '../../src/domain/model/state.js';
import type { Denial, LeaseView } from '../../src/domain/model/types.js';
import { wrongOfAsking } from './asking-invariants.js';
import { CLOCK_SLACK_MS } from './commit-invariants.js';
import type { Journal, Known } from './journal.js';
import { BUDGET, type CallOptions, GaveUp, type SimWorld } from './sim-world.js';

const TRIES = 12;
/** A lease or an id is known for 7 days; less a clock that was wrong by 50 hours. */
const KNOWN_MS = 4 * 86_400_000;

/** Asks like a good client, with the same ids until there is an answer, and holds every answer against what is known. */
export class SimulatedCaller {
  constructor(
    readonly world: SimWorld,
    protected readonly journal: Journal,
  ) {}

  protected async ask<R extends CallerRequest>(
    request: R,
    options: CallOptions & { readonly tries?: number } = {},
  ): Promise<OutcomeOf[R['kind']] | undefined> {
    const { world, journal } = this;
    const { tries = TRIES } = options;
    const leaseId = 'lease' in request ? request.lease.leaseId : '';
    const known = journal.now(leaseId);
    const { epochs } = world;
    const isFirst = journal.isFirst(idOf(request));
    for (let attempt = 0; attempt < tries; attempt += 1) {
      const askedAt = world.scheduler.now;
      try {
        // A hasty client asks twice at once.
        // A deletion that comes twice would delete what was created in between.
        const hasty = tries > 1 && request.kind !== 'delete-budget' && world.random() < 0.1;
        if (hasty) void this.askBeside(request, options);
        const outcome = await world.call(request, options);
        if (isFirst && attempt === 0 && !hasty && 'replayed' in outcome && outcome.replayed) {
          world.violated(`${request.kind} was asked once, and answered as a repeat`);
        }
        this.hold(request, outcome, { known, askedAt, sameEpoch: world.sameEpoch(epochs) });
        return outcome;
      } catch (error) {
        if (!(error instanceof ArbiterError) && !(error instanceof GaveUp)) throw error;
        if (error instanceof ArbiterError && error.failure === 'STORE_REFUSED') return undefined;
        await world.pause(world.random() * 1_000);
      }
    }
    return undefined;
  }

  /** In the unit that the budget counts in by now, which it may have to keep. */
  protected async putPolicy(fields: PolicyFields): Promise<OutcomeOf['put-policy'] | undefined> {
    const policy = this.world.store.peekState(BUDGET)?.sections.settings.get('policy') as
      | StoredPolicy
      | undefined;
    const unit = policy?.fields.unit ?? 'tokens';
    return this.ask({ kind: 'put-policy', fields: { minReservation: 100, ...fields, unit } });
  }

  private async askBeside(request: CallerRequest, options: CallOptions): Promise<void> {
    if (this.world.random() < 0.5) await this.world.pause(this.world.random() * 300);
    await this.world.call(request, options).catch(() => {});
  }

  private hold(request: CallerRequest, outcome: OutcomeOf[CallerRequest['kind']], asked: Asked): void {
    const { journal } = this;
    const { known } = asked;
    if (request.kind === 'acquire') this.holdAsked(request, outcome as OutcomeOf['acquire'], asked);
    if (outcome.kind === 'granted') journal.grant(idOf(request), outcome.lease, known);
    if (outcome.kind === 'denied') this.holdDenial(outcome.denial, asked);
    if (outcome.kind === 'denied' && request.kind === 'acquire')
      this.holdPromise(request, outcome.denial, asked);
    if (outcome.kind === 'refused') this.holdRefusal(request, outcome.refusal, asked);
    const lease = leaseOf(outcome);
    const until = this.world.promises.clockWasReset ? 0 : known.until;
    if (lease !== undefined) journal.lease(lease, { ...known, until });
    if (outcome.kind === 'renewed' && known.closed) {
      this.world.violated(`lease ${outcome.lease.leaseId} was renewed after its end`);
    }
    if (outcome.kind === 'released' && request.kind === 'release') journal.end(request.lease.leaseId);
  }

  private holdAsked(request: AcquireRequest, outcome: OutcomeOf['acquire'], { askedAt }: Asked): void {
    const states = this.world.statesSince(askedAt);
    for (const what of wrongOfAsking(request, outcome, states)) this.world.violated(what);
  }

  /** A denial must have been true at some moment between question and answer. */
  private holdDenial(denial: Denial, { askedAt }: Asked): void {
    const states = this.world.statesSince(askedAt);
    const { blockers } = denial;
    const isOfCaps = blockers.every(({ window }) => window !== undefined);
    // A month that is larger than the next may admit what that never does: only what comes back of it could help.
    const isLarger = states.some(({ sections }) =>
      [...sections.topUps.values()].some(({ kind }) => kind === 'LARGER_MONTH'),
    );
    if (isOfCaps && !isLarger && !denial.permanent && denial.availableAt === undefined)
      this.world.violated(`denied by ${blockers[0]?.rule}, neither for good nor until a time`);
    for (const { rule, limit, availableAt } of blockers) {
      if (rule === 'CONCURRENCY' && !states.some((state) => opensAt(state, limit, availableAt)))
        this.world.violated('CONCURRENCY ends at another time than the lease after which a slot is free');
      const held = states.some(({ sections }) => {
        if (rule === 'PAUSED') return sections.settings.has('pause');
        return rule !== 'CONCURRENCY' || sections.leases.size >= limit;
      });
      if (!held) this.world.violated(`denied by ${rule}, which did not hold since it was asked`);
    }
  }

  /** What is promised to its team is not refused because of others. */
  private holdPromise({ aiId }: AcquireRequest, denial: Denial, { askedAt, sameEpoch }: Asked): void {
    const { world } = this;
    if (!sameEpoch) return;
    const states = world.statesSince(askedAt);
    const wrong = world.guarantees.wrongOf(aiId, denial, world.time.latestBelief + CLOCK_SLACK_MS, states);
    for (const what of wrong) world.violated(what);
  }

  /** These clients do nothing wrong, so most refusals are the service's own fault. */
  private holdRefusal(request: CallerRequest, refusal: Refusal, { sameEpoch, known }: Asked): void {
    const { world, journal } = this;
    const until = world.promises.clockWasReset ? 0 : known.until;
    if (refusal.reason === 'ID_REUSED' && sameEpoch)
      world.violated(`${request.kind}: ${refusal.id} was not reused`);
    const reports = ['record', 'record-unleased', 'release'].includes(request.kind);
    if (refusal.reason === 'AMOUNT_OVERFLOW' && reports)
      world.violated(`${request.kind} of an ordinary amount is refused for ${refusal.field}`);
    if (refusal.reason === 'SESSION_TAKEN_UP') this.holdTakenUp(request);
    if (refusal.reason === 'LEASE_CLOSED') {
      journal.lease(refusal.lease, { ...known, until });
    }
    if (refusal.reason !== 'LEASE_NOT_FOUND' || !journal.granted.has(refusal.leaseId) || !sameEpoch) return;
    // A grant whose answer was long on its way may be of the budget that was deleted meanwhile.
    const isOfPresent = parseLeaseId(refusal.leaseId)?.epoch === world.store.peekState(BUDGET)?.head.epoch;
    if (isOfPresent && world.time.passedMs < KNOWN_MS)
      world.violated(`lease ${refusal.leaseId} was granted and is not found`);
  }

  private holdTakenUp(request: CallerRequest): void {
    const { world } = this;
    const session = 'session' in request ? request.session : undefined;
    if (session === undefined || world.latestStreams.get(session.id) === session.stream)
      world.violated(`${request.kind}: its session was taken up by no other stream`);
  }
}

/** Whether the end of the lease after which fewer than `limit` are live is this one. A session's lease may be prolonged in between. */
function opensAt({ sections }: StoredState, limit: number, availableAt: number | undefined): boolean {
  const leases = [...sections.leases.values()];
  if (leases.some(({ session }) => session !== undefined)) return true;
  const ends = leases.map(({ expiresAt }) => expiresAt).sort((a, b) => a - b);
  return ends[leases.length - limit] === availableAt;
}

interface Asked {
  readonly known: Known;
  readonly askedAt: number;
  readonly sameEpoch: boolean;
}

/** What makes a request the same as another; empty if nothing does. */
function idOf(request: CallerRequest): string {
  switch (request.kind) {
    case 'acquire':
      return `acquire ${request.aiId} ${request.requestId}`;
    case 'record':
      return `usage ${request.lease.leaseId} ${request.usage.usageId}`;
    case 'record-unleased':
      return `usage ${request.aiId} ${request.usage.usageId}`;
    case 'release':
      return `release ${request.lease.leaseId}`;
    case 'adjust':
      return `adjust ${request.adjustmentId}`;
    case 'add-top-up':
      return `top-up ${request.topUpId}`;
    default:
      return '';
  }
}

function leaseOf(outcome: OutcomeOf[CallerRequest['kind']]): LeaseView | undefined {
  switch (outcome.kind) {
    case 'renewed':
    case 'lease':
      return outcome.lease;
    case 'recorded':
      return outcome.lease;
    default:
      return undefined;
  }
}
