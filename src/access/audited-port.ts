import type {
  Caller,
  CallerRequest,
  DenialQuery,
  Denials,
  OpenSession,
  ServicePort,
  SessionRequest,
  WatchUpdate,
} from '../arbiter/service-port.js';
import type { RecentDenials } from '../domain/denials/recent.js';
import type { StoredChange } from '../domain/model/changes.js';
import type {
  BudgetSnapshot,
  BudgetView,
  KnownChanges,
  OutcomeOf,
  Refused,
} from '../domain/model/outcomes.js';
import type { AcquireRequest } from '../domain/model/requests.js';
import type { UsageDay } from '../domain/model/state.js';
import type { LeaseView } from '../domain/model/types.js';
import type { Log } from '../platform/log.js';
import {
  ACTION_MESSAGE,
  actionOf,
  type OperatorRequest,
  outcomeFields,
  targetFields,
} from './audit-fields.js';

/** Writes one line for every operator action that passes: who, what, before and after; also for one that was refused. */
export class AuditedPort implements ServicePort {
  constructor(
    private readonly servicePort: ServicePort,
    private readonly who: string,
    private readonly log: Log,
  ) {}

  submit<R extends CallerRequest>(
    budgetId: string,
    request: R,
    caller: Caller,
  ): Promise<OutcomeOf[R['kind']]> {
    const action = actionOf(request);
    if (action === undefined) return this.servicePort.submit(budgetId, request, caller);
    return this.audited(budgetId, action, caller) as Promise<OutcomeOf[R['kind']]>;
  }

  private async audited(budgetId: string, asked: OperatorRequest, caller: Caller) {
    const request = { ...asked, principal: this.who };
    const about = { audit: request.kind, principal: this.who, budget: budgetId, ...targetFields(request) };
    try {
      const outcome = await this.servicePort.submit(budgetId, request, caller);
      this.log.info({ ...about, ...outcomeFields(request, outcome) }, ACTION_MESSAGE);
      return outcome;
    } catch (error) {
      // It may have taken effect: a lost answer looks the same.
      this.log.warn({ ...about, outcome: 'unknown', err: error }, ACTION_MESSAGE);
      throw error;
    }
  }

  acquireWaiting(
    budgetId: string,
    request: AcquireRequest,
    waitMs: number,
    caller: Caller,
  ): Promise<OutcomeOf['acquire']> {
    return this.servicePort.acquireWaiting(budgetId, request, waitMs, caller);
  }

  openSession(request: SessionRequest, takenUp: () => void, caller: Caller): Promise<OpenSession | Refused> {
    return this.servicePort.openSession(request, takenUp, caller);
  }

  usageDays(snapshot: BudgetSnapshot, from: string, to: string): Promise<UsageDay[]> {
    return this.servicePort.usageDays(snapshot, from, to);
  }

  closedLeases(snapshot: BudgetSnapshot, afterFence: number, limit: number): Promise<LeaseView[]> {
    return this.servicePort.closedLeases(snapshot, afterFence, limit);
  }

  async changes(known: KnownChanges, below: number, limit: number): Promise<StoredChange[]> {
    return this.servicePort.changes(known, below, limit);
  }

  denials(budgetId: string, query: DenialQuery, caller: Caller): Promise<Denials | Refused> {
    return this.servicePort.denials(budgetId, query, caller);
  }

  listBudgets(after: string, limit: number): Promise<BudgetView[]> {
    return this.servicePort.listBudgets(after, limit);
  }

  recentDenials(snapshot: BudgetSnapshot): Promise<RecentDenials> {
    return this.servicePort.recentDenials(snapshot);
  }

  watch(budgetId: string, listener: (update: WatchUpdate) => void, after?: number): Promise<() => void> {
    return this.servicePort.watch(budgetId, listener, after);
  }
}
