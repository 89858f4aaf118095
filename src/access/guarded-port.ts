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
import type { AcquireRequest, LeaseRef } from '../domain/model/requests.js';
import type { UsageDay } from '../domain/model/state.js';
import type { LeaseView } from '../domain/model/types.js';
import { AccessError } from './access-error.js';
import { type AccessRule, mayCallForAll, rolesFor, type Scope, scopeOf } from './permissions.js';
import { type Principal, principalDigest } from './principal.js';

/**
 * The service port as one principal finds it, for one method of the API: what it may not do, it is refused before the arbiter
 * hears of it. An AI can neither act on a lease of another AI nor learn that it exists: such a lease is not found.
 */
export class GuardedPort implements ServicePort {
  constructor(
    private readonly servicePort: ServicePort,
    private readonly principal: Principal,
    private readonly rule: AccessRule,
    private readonly owners: LeaseOwners,
    /** Hears of every refusal of this port. */
    private readonly tell: (budgetId: string) => void,
  ) {}

  submit<R extends CallerRequest>(
    budgetId: string,
    request: R,
    caller: Caller,
  ): Promise<OutcomeOf[R['kind']]> {
    const scope = scopeOf(this.principal, this.rule, budgetId);
    if (scope === 'all') return this.servicePort.submit(budgetId, this.limited(request), caller);
    if (scope === undefined) return Promise.reject(this.denied(budgetId));
    return this.submitOwn(budgetId, request, caller, scope) as Promise<OutcomeOf[R['kind']]>;
  }

  /** What reaches beyond its budget is for those alone who may do it with all of them. */
  private limited<R extends CallerRequest>(request: R): R {
    if (request.kind !== 'reset-clock' || mayCallForAll(this.principal, this.rule)) return request;
    return { ...request, ofSomeBudgets: true };
  }

  async acquireWaiting(
    budgetId: string,
    request: AcquireRequest,
    waitMs: number,
    caller: Caller,
  ): Promise<OutcomeOf['acquire']> {
    const scope = this.scope(budgetId);
    if (scope !== 'all') this.requireOwn(scope, budgetId, request.aiId);
    return this.learned(await this.servicePort.acquireWaiting(budgetId, request, waitMs, caller));
  }

  private async submitOwn(
    budgetId: string,
    request: CallerRequest,
    caller: Caller,
    own: ReadonlySet<string>,
  ): Promise<OutcomeOf[CallerRequest['kind']]> {
    switch (request.kind) {
      case 'acquire':
        this.requireOwn(own, budgetId, request.aiId);
        return this.learned(await this.servicePort.submit(budgetId, request, caller));
      case 'record-unleased':
      case 'get-availability':
        this.requireOwn(own, budgetId, request.aiId);
        return this.servicePort.submit(budgetId, request, caller);
      case 'get-lease':
        if ('aiId' in request.key) this.requireOwn(own, budgetId, request.key.aiId);
        return this.unlessForeign(await this.servicePort.submit(budgetId, request, caller), own);
      case 'renew':
      case 'record':
      case 'release':
        return (
          (await this.refusalOf(request.lease, caller, own)) ??
          this.servicePort.submit(budgetId, request, caller)
        );
      default:
        throw this.denied(budgetId);
    }
  }

  /**
   * Looked up before the request, since only the decision knows the AI of a lease; safe, as that never changes. A lease that is
   * known to be another's is looked up all the same, so that the time of the answer tells nothing.
   */
  private async refusalOf(
    lease: LeaseRef,
    caller: Caller,
    own: ReadonlySet<string>,
  ): Promise<Refused | undefined> {
    const owner = this.owners.get(lease.leaseId);
    if (owner !== undefined && own.has(owner)) return undefined;
    const request = { kind: 'get-lease', key: { lease } } as const;
    const found = this.unlessForeign(await this.servicePort.submit(lease.budgetId, request, caller), own);
    if (found.kind === 'lease') return undefined;
    return found.refusal.reason === 'BUDGET_NOT_FOUND' ? notFound(lease.leaseId) : found;
  }

  private unlessForeign(outcome: OutcomeOf['get-lease'], own: ReadonlySet<string>): OutcomeOf['get-lease'] {
    if (outcome.kind !== 'lease') return outcome;
    const { leaseId, aiId } = outcome.lease;
    this.owners.learn(leaseId, aiId);
    return own.has(aiId) ? outcome : notFound(leaseId);
  }

  /** As its own: a session that another principal opened has other leases, under whatever id. */
  async openSession(
    request: SessionRequest,
    takenUp: () => void,
    caller: Caller,
  ): Promise<OpenSession | Refused> {
    const { aiId, budgetIds } = request;
    const ownAis = new Map<string, ReadonlySet<string>>();
    for (const budgetId of budgetIds) {
      const scope = this.scope(budgetId);
      if (scope === 'all') continue;
      if (aiId !== undefined) this.requireOwn(scope, budgetId, aiId);
      // What a gateway's principal may no longer do with an AI, it may not go on with.
      else ownAis.set(budgetId, scope);
    }
    const session = { ...request.session, owner: principalDigest(this.principal) };
    const opened = await this.servicePort.openSession({ ...request, session, ownAis }, takenUp, caller);
    if (opened.kind === 'open')
      for (const { leaseId, aiId } of opened.leases) this.owners.learn(leaseId, aiId);
    return opened;
  }

  private learned(outcome: OutcomeOf['acquire']): OutcomeOf['acquire'] {
    if (outcome.kind === 'granted') this.owners.learn(outcome.lease.leaseId, outcome.lease.aiId);
    return outcome;
  }

  async usageDays(snapshot: BudgetSnapshot, from: string, to: string): Promise<UsageDay[]> {
    this.requireAll(snapshot.budget.budgetId);
    return this.servicePort.usageDays(snapshot, from, to);
  }

  async closedLeases(snapshot: BudgetSnapshot, afterFence: number, limit: number): Promise<LeaseView[]> {
    this.requireAll(snapshot.budget.budgetId);
    return this.servicePort.closedLeases(snapshot, afterFence, limit);
  }

  /** An AI may learn why it was refused itself; what a rule last said to another AI is not for it. */
  async denials(budgetId: string, query: DenialQuery, caller: Caller): Promise<Denials | Refused> {
    const scope = this.scope(budgetId);
    if (scope === 'all') return this.servicePort.denials(budgetId, query, caller);
    if (query.aiId === undefined) {
      this.tell(budgetId);
      throw new AccessError(
        'PERMISSION_DENIED',
        `${this.principal.name} may list the denials of its own AI ids alone: name one in ai_id`,
      );
    }
    this.requireOwn(scope, budgetId, query.aiId);
    const found = await this.servicePort.denials(budgetId, query, caller);
    if (found.kind === 'refused') return found;
    const rules = found.rules.map(({ last, ...rule }) =>
      last === undefined || !scope.has(last.aiId) ? rule : { ...rule, last },
    );
    return { ...found, rules };
  }

  /** Only those that the principal may read; it does not learn of others. */
  async changes(known: KnownChanges, below: number, limit: number): Promise<StoredChange[]> {
    this.requireAll(known.budgetId);
    return this.servicePort.changes(known, below, limit);
  }

  async listBudgets(after: string, limit: number): Promise<BudgetView[]> {
    const shown: BudgetView[] = [];
    let last = after;
    for (;;) {
      const page = await this.servicePort.listBudgets(last, limit);
      shown.push(...page.filter(({ budgetId }) => scopeOf(this.principal, this.rule, budgetId) === 'all'));
      const next = page.at(-1)?.budgetId;
      if (shown.length >= limit || page.length < limit || next === undefined) return shown.slice(0, limit);
      last = next;
    }
  }

  async recentDenials(snapshot: BudgetSnapshot): Promise<RecentDenials> {
    this.requireAll(snapshot.budget.budgetId);
    return this.servicePort.recentDenials(snapshot);
  }

  async watch(
    budgetId: string,
    listener: (update: WatchUpdate) => void,
    after?: number,
  ): Promise<() => void> {
    this.requireAll(budgetId);
    return this.servicePort.watch(budgetId, listener, after);
  }

  private scope(budgetId: string): NonNullable<Scope> {
    const scope = scopeOf(this.principal, this.rule, budgetId);
    if (scope === undefined) throw this.denied(budgetId);
    return scope;
  }

  private requireAll(budgetId: string): void {
    if (this.scope(budgetId) !== 'all') throw this.denied(budgetId);
  }

  private requireOwn(own: ReadonlySet<string>, budgetId: string, aiId: string): void {
    if (own.has(aiId)) return;
    this.tell(budgetId);
    const [ai, budget] = [JSON.stringify(aiId), JSON.stringify(budgetId)];
    throw new AccessError(
      'PERMISSION_DENIED',
      `${this.principal.name} may not act as the AI ${ai} on the budget ${budget}: its roles give it other AI ids`,
    );
  }

  private denied(budgetId: string): AccessError {
    this.tell(budgetId);
    return notAllowed(this.principal, this.rule, budgetId);
  }
}

/** What a principal is told that lacks the role; on a budget that does not exist, too. */
export function notAllowed({ name }: Principal, rule: AccessRule, budgetId?: string): AccessError {
  const where = budgetId === undefined ? '' : ` on the budget ${JSON.stringify(budgetId)}`;
  return new AccessError(
    'PERMISSION_DENIED',
    `${name} may not do this${where}: it needs the role ${rolesFor(rule)}`,
  );
}

function notFound(leaseId: string): Refused {
  return { kind: 'refused', refusal: { reason: 'LEASE_NOT_FOUND', leaseId } };
}

/** More leases than are used at once; a lease that fell out is looked up again. */
const MOST = 20_000;

/** Which AI a lease belongs to. It never changes, so what was once learnt stays true. */
export class LeaseOwners {
  private readonly ais = new Map<string, string>();

  constructor(private readonly most = MOST) {}

  get(leaseId: string): string | undefined {
    return this.ais.get(leaseId);
  }

  learn(leaseId: string, aiId: string): void {
    this.ais.delete(leaseId);
    this.ais.set(leaseId, aiId);
    if (this.ais.size <= this.most) return;
    const [oldest] = this.ais.keys();
    if (oldest !== undefined) this.ais.delete(oldest);
  }
}
