import type {
  Caller,
  CallerRequest,
  Door,
  OpenSession,
  SessionRequest,
  WatchUpdate,
} from '../arbiter/door.js';
import type { BudgetSnapshot, BudgetView, OutcomeOf, Refused } from '../domain/outcomes.js';
import type { AcquireRequest } from '../domain/requests.js';
import type { UsageDay } from '../domain/state.js';
import type { LeaseView } from '../domain/types.js';
import type { Log } from '../platform/log.js';
import {
  ACTION_MESSAGE,
  actionOf,
  type OperatorRequest,
  outcomeFields,
  targetFields,
  viewedBudget,
  viewedLease,
} from './audit-fields.js';

/** Writes one line for every operator action that passes: who, what, before and after; also for one that was refused. */
export class AuditedDoor implements Door {
  constructor(
    private readonly door: Door,
    private readonly who: string,
    private readonly log: Log,
  ) {}

  submit<R extends CallerRequest>(
    budgetId: string,
    request: R,
    caller: Caller,
  ): Promise<OutcomeOf[R['kind']]> {
    const action = actionOf(request);
    if (action === undefined) return this.door.submit(budgetId, request, caller);
    return this.audited(budgetId, action, caller) as Promise<OutcomeOf[R['kind']]>;
  }

  private async audited(budgetId: string, request: OperatorRequest, caller: Caller) {
    const before = await this.before(budgetId, request, caller);
    const about = { audit: request.kind, principal: this.who, budget: budgetId, ...targetFields(request) };
    try {
      const outcome = await this.door.submit(budgetId, request, caller);
      this.log.info({ ...about, ...outcomeFields(request, outcome, before) }, ACTION_MESSAGE);
      return outcome;
    } catch (error) {
      // It may have taken effect: a lost answer looks the same.
      this.log.warn({ ...about, before, outcome: 'unknown', err: error }, ACTION_MESSAGE);
      throw error;
    }
  }

  /**
   * Read just before the action, which is rare, so that the decision on the hot path need not carry it. Should another
   * operator act in between, the etags of both lines tell.
   */
  private async before(
    budgetId: string,
    request: OperatorRequest,
    caller: Caller,
  ): Promise<object | undefined> {
    switch (request.kind) {
      case 'adjust':
      case 'reset-clock':
        return undefined;
      case 'revoke': {
        const key = { lease: request.lease };
        const found = await this.quietly(budgetId, { kind: 'get-lease', key }, caller);
        return found?.kind === 'lease' ? viewedLease(found.lease) : undefined;
      }
      default: {
        const found = await this.quietly(budgetId, { kind: 'get-snapshot' }, caller);
        return found?.kind === 'snapshot' ? viewedBudget(found.snapshot.budget) : undefined;
      }
    }
  }

  /** Whatever keeps a read from being answered, the action itself will meet and tell. */
  private quietly<R extends CallerRequest>(
    budgetId: string,
    request: R,
    caller: Caller,
  ): Promise<OutcomeOf[R['kind']] | undefined> {
    return this.door.submit(budgetId, request, caller).catch(() => undefined);
  }

  acquireWaiting(
    budgetId: string,
    request: AcquireRequest,
    waitMs: number,
    caller: Caller,
  ): Promise<OutcomeOf['acquire']> {
    return this.door.acquireWaiting(budgetId, request, waitMs, caller);
  }

  openSession(request: SessionRequest, takenUp: () => void, caller: Caller): Promise<OpenSession | Refused> {
    return this.door.openSession(request, takenUp, caller);
  }

  usageDays(snapshot: BudgetSnapshot, from: string, to: string): Promise<UsageDay[]> {
    return this.door.usageDays(snapshot, from, to);
  }

  closedLeases(snapshot: BudgetSnapshot, afterFence: number, limit: number): Promise<LeaseView[]> {
    return this.door.closedLeases(snapshot, afterFence, limit);
  }

  listBudgets(after: string, limit: number): Promise<BudgetView[]> {
    return this.door.listBudgets(after, limit);
  }

  watch(budgetId: string, listener: (update: WatchUpdate) => void): Promise<() => void> {
    return this.door.watch(budgetId, listener);
  }
}
