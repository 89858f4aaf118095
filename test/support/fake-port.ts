import {
  ArbiterError,
  type Caller,
  type CallerRequest,
  type DenialQuery,
  type Denials,
  type ServicePort,
  type SessionRequest,
  type WatchUpdate,
} from '../../src/arbiter/service-port.js';
import { NOTHING_RECENT, type RecentDenials } from '../../src/domain/denials/recent.js';
import type { StoredChange } from '../../src/domain/model/changes.js';
import type {
  BudgetSnapshot,
  BudgetView,
  KnownChanges,
  OutcomeOf,
  Refusal,
  Refused,
} from '../../src/domain/model/outcomes.js';
import type { AcquireRequest } from '../../src/domain/model/requests.js';
import type { LeaseView } from '../../src/domain/model/types.js';
import { ALERT, budget, closedLease, DENIAL, lease, NOON, snapshot, TOP_UP } from './samples.js';

type Outcome = OutcomeOf[CallerRequest['kind']];
type Answer = (request: CallerRequest, caller: Caller) => Outcome | Promise<Outcome>;

interface FakeSession {
  readonly request: SessionRequest;
  readonly takenUp: () => void;
  /** The budgets that it had used; undefined while it is open. */
  closedWith: readonly string[] | undefined;
}

interface Asked {
  readonly budgetId: string;
  readonly request: CallerRequest;
  readonly caller: Caller;
  readonly waitMs?: number;
}

const ANSWERS: { readonly [K in CallerRequest['kind']]: OutcomeOf[K] } = {
  acquire: { kind: 'granted', lease: lease(), replayed: false, availableTokens: 500 },
  renew: { kind: 'renewed', lease: lease(), raiseDenied: DENIAL },
  record: {
    kind: 'recorded',
    chargedTokens: 30,
    overrunTokens: 5,
    late: true,
    replayed: true,
    lease: closedLease(),
  },
  'record-unleased': { kind: 'recorded', chargedTokens: 30, overrunTokens: 30, late: false, replayed: false },
  release: { kind: 'released', usedTokens: 30, freedTokens: 370, overrunTokens: 1, replayed: false },
  'take-up-session': { kind: 'carried-leases', leases: [] },
  'get-lease': { kind: 'lease', lease: closedLease() },
  'get-availability': { kind: 'availability', availableTokens: 50, denial: DENIAL },
  'get-snapshot': { kind: 'snapshot', snapshot: snapshot() },
  'get-changes': { kind: 'changes', budgetId: 'anthropic', count: 0, waiting: [], budget: budget() },
  'put-policy': { kind: 'budget', budget: budget(), warnings: [{ field: 'pacing', message: 'runs dry' }] },
  pause: { kind: 'budget', budget: budget({}, { pause: { reason: 'audit', at: NOON } }), warnings: [] },
  resume: { kind: 'budget', budget: budget(), warnings: [] },
  'delete-budget': { kind: 'deleted', before: budget() },
  revoke: { kind: 'revoked', before: lease(), lease: closedLease({ status: 'REVOKED' }) },
  adjust: { kind: 'adjusted', day: '2026-11-15', dayTotal: 900, replayed: false },
  'add-top-up': { kind: 'top-up', topUp: TOP_UP, replayed: false },
  'end-top-up': { kind: 'top-up', topUp: { ...TOP_UP, endedAt: NOON }, before: TOP_UP, replayed: false },
  'acknowledge-alert': {
    kind: 'alert',
    before: ALERT,
    alert: { ...ALERT, acknowledged: { at: NOON, reason: 'we know', principal: 'alice' } },
  },
  'silence-alerts': {
    kind: 'silences',
    before: {},
    silences: { '*': { until: NOON + 60_000, reason: 'a move', at: NOON, principal: 'alice' } },
  },
  'reset-clock': { kind: 'clock-reset', before: NOON + 9_000, after: NOON },
};

/** A service port with a ready answer for everything, which remembers what it was asked. */
export class FakePort implements ServicePort {
  asked: Asked[] = [];
  answer: Answer | undefined;
  budgets: BudgetView[] = [];
  closed: LeaseView[] = [];
  watchers = new Set<(update: WatchUpdate) => void>();
  watchedAfter: number | undefined;
  /** Called when somebody is watching. */
  onWatch: (() => void) | undefined;

  get last(): Asked {
    const last = this.asked.at(-1);
    if (last === undefined) throw new Error('nothing was asked');
    return last;
  }

  refuse(refusal: Refusal): void {
    this.answer = () => ({ kind: 'refused', refusal });
  }

  fail(error: Error): void {
    this.answer = () => Promise.reject(error);
  }

  async submit<R extends CallerRequest>(
    budgetId: string,
    request: R,
    caller: Caller,
  ): Promise<OutcomeOf[R['kind']]> {
    this.asked.push({ budgetId, request, caller });
    return (this.answer?.(request, caller) ?? ANSWERS[request.kind]) as OutcomeOf[R['kind']];
  }

  async acquireWaiting(budgetId: string, request: AcquireRequest, waitMs: number, caller: Caller) {
    this.asked.push({ budgetId, request, caller, waitMs });
    return ((await this.answer?.(request, caller)) ?? ANSWERS.acquire) as OutcomeOf['acquire'];
  }

  sessions: FakeSession[] = [];

  async openSession(request: SessionRequest, takenUp: () => void, caller: Caller) {
    const { session, budgetIds } = request;
    const leases: LeaseView[] = [];
    for (const budgetId of budgetIds) {
      const outcome = await this.submit(budgetId, { kind: 'take-up-session', session }, caller);
      if (outcome.kind === 'refused') return outcome;
      leases.push(...outcome.leases);
    }
    const opened: FakeSession = { request, takenUp, closedWith: undefined };
    this.sessions.push(opened);
    const close = (used: Iterable<string>): void => {
      opened.closedWith = [...used];
    };
    return { kind: 'open' as const, session, leases, close };
  }

  usageDays(): never {
    throw new Error('nobody should ask this here');
  }

  async closedLeases(_snapshot: BudgetSnapshot, afterFence: number, limit: number): Promise<LeaseView[]> {
    return this.closed.filter(({ fence }) => fence > afterFence).slice(0, limit);
  }

  recorded: StoredChange[] = [];

  async changes(_known: KnownChanges, below: number, limit: number): Promise<StoredChange[]> {
    return this.recorded.filter(({ number }) => number < below).slice(0, limit);
  }

  deniedRows: Denials | undefined;

  async denials(budgetId: string, query: DenialQuery, caller: Caller): Promise<Denials | Refused> {
    const outcome = await this.submit(budgetId, { kind: 'get-snapshot' }, caller);
    if (outcome.kind === 'refused') return outcome;
    this.askedDenials = query;
    const none = {
      kind: 'denials',
      from: 0,
      to: NOON,
      rows: [],
      rules: [],
      denied: 0,
      wouldDeny: 0,
    } as const;
    return this.deniedRows ?? none;
  }

  recent = NOTHING_RECENT;

  async recentDenials(): Promise<RecentDenials> {
    return this.recent;
  }

  askedDenials: DenialQuery | undefined;

  async listBudgets(after: string, limit: number): Promise<BudgetView[]> {
    return this.budgets.filter(({ budgetId }) => budgetId > after).slice(0, limit);
  }

  async watch(
    budgetId: string,
    listener: (update: WatchUpdate) => void,
    afterRevision?: number,
  ): Promise<() => void> {
    this.watchedAfter = afterRevision;
    if (budgetId === 'crowded') throw new ArbiterError('QUEUE_FULL', 'too many watchers: close one');
    this.watchers.add(listener);
    this.onWatch?.();
    return () => this.watchers.delete(listener);
  }

  tell(update: WatchUpdate): void {
    for (const listener of this.watchers) listener(update);
  }
}
