import type { BudgetObserver } from '../arbiter/observer.js';
import { ALERT_RULES } from '../domain/alerts/condition.js';
import type { BudgetEvent } from '../domain/model/events.js';
import type { Outcome, Recorded, Released } from '../domain/model/outcomes.js';
import type { BudgetRequest } from '../domain/model/requests.js';
import { type Denial, OTHER, RULES, type UsageReport } from '../domain/model/types.js';
import { Buckets, REQUESTS, SECONDS } from './buckets.js';

/** What no budget has of its own: series of these by budget would be many, and nobody compares them. */
export interface SharedTally {
  readonly batches: Buckets;
  readonly commits: Buckets;
}

export function sharedTally(): SharedTally {
  return { batches: new Buckets(REQUESTS), commits: new Buckets(SECONDS) };
}

export interface AiTally {
  grants: number;
  denials: number;
  usedTokens: number;
  calls: number;
}

/** What happened to one budget in this replica since its start. Plain numbers: it is counted on the hot path. */
export class BudgetTally implements BudgetObserver {
  grants = 0;
  renewals = 0;
  releases = 0;
  expiries = 0;
  revocations = 0;
  denials = 0;
  replays = 0;
  usedTokens = 0;
  lateTokens = 0;
  presumedTokens = 0;
  overrunTokens = 0;
  unpricedReports = 0;
  lostRaces = 0;
  unknownOutcomes = 0;
  // From zero on, so that the first of each is seen as a rise.
  readonly denialsByRule = new Map<string, number>(RULES.map((rule) => [rule, 0]));
  readonly observedByRule = new Map<string, number>();
  readonly alerts = new Map<string, number>(ALERT_RULES.map((rule) => [rule, 0]));
  readonly callsByOutcome = new Map<string, number>([
    ['ok', 0],
    ['failed', 0],
  ]);
  readonly ais = new Map<string, AiTally>();
  /** The budget is gone, and its name may be another's by now. */
  forgotten = false;

  constructor(
    private readonly shared: SharedTally,
    private readonly namedAis: ReadonlySet<string>,
  ) {}

  decided(request: BudgetRequest, outcome: Outcome): void {
    switch (outcome.kind) {
      case 'recorded':
        if (outcome.replayed) this.replays += 1;
        else this.used(outcome, outcome.lease?.aiId ?? aiOf(request), usageOf(request));
        break;
      case 'denied':
        this.denied(outcome.denial, aiOf(request));
        break;
      case 'granted':
        if (outcome.replayed) this.replays += 1;
        else if (outcome.wouldDeny !== undefined) countRules(this.observedByRule, outcome.wouldDeny);
        break;
      case 'renewed':
        this.renewals += 1;
        break;
      case 'released':
        if (outcome.replayed) this.replays += 1;
        else if (outcome.booked !== undefined)
          this.used(outcome.booked, outcome.booked.aiId, usageOf(request));
        break;
      default:
    }
  }

  happened(events: readonly BudgetEvent[]): void {
    for (const event of events) this.note(event);
  }

  private note(event: BudgetEvent): void {
    switch (event.kind) {
      case 'granted':
        this.grants += 1;
        if (this.namedAis.size > 0) this.ai(event.lease.aiId).grants += 1;
        break;
      case 'released':
        this.releases += 1;
        this.presumedTokens += event.lease.presumedTokens;
        break;
      case 'expired':
      case 'revoked':
        if (event.kind === 'expired') this.expiries += 1;
        else this.revocations += 1;
        this.presumedTokens += event.lease.presumedTokens;
        break;
      case 'overrun':
        this.overrunTokens += event.tokens;
        break;
      case 'alert':
        if (event.change === 'RAISED') add(this.alerts, event.alert.rule);
        break;
      default:
    }
  }

  batch(requests: number): void {
    this.shared.batches.add(requests);
  }

  committed(ms: number): void {
    this.shared.commits.addMs(ms);
  }

  lostRace(): void {
    this.lostRaces += 1;
  }

  unknownOutcome(): void {
    this.unknownOutcomes += 1;
  }

  private used(
    { chargedTokens, late, unpriced }: NonNullable<Released['booked'] | Recorded>,
    aiId: string | undefined,
    { calls = 1, failed = false }: Partial<UsageReport> = {},
  ): void {
    if (unpriced) this.unpricedReports += 1;
    this.usedTokens += chargedTokens;
    if (late) this.lateTokens += chargedTokens;
    add(this.callsByOutcome, failed ? 'failed' : 'ok', calls);
    if (this.namedAis.size === 0 || aiId === undefined) return;
    const ai = this.ai(aiId);
    ai.usedTokens += chargedTokens;
    ai.calls += calls;
  }

  private denied(denial: Denial, aiId: string | undefined): void {
    this.denials += 1;
    countRules(this.denialsByRule, denial);
    if (this.namedAis.size > 0 && aiId !== undefined) this.ai(aiId).denials += 1;
  }

  private ai(aiId: string): AiTally {
    const name = this.namedAis.has(aiId) ? aiId : OTHER;
    const found = this.ais.get(name);
    if (found !== undefined) return found;
    const made = { grants: 0, denials: 0, usedTokens: 0, calls: 0 };
    this.ais.set(name, made);
    return made;
  }
}

function aiOf(request: BudgetRequest): string | undefined {
  return 'aiId' in request ? request.aiId : undefined;
}

function usageOf(request: BudgetRequest): UsageReport | undefined {
  return 'usage' in request ? request.usage : undefined;
}

function countRules(counts: Map<string, number>, { blockers }: Denial): void {
  for (const { rule } of blockers) add(counts, rule);
}

function add(counts: Map<string, number>, name: string, count = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}
