import type { Caller } from '../arbiter/service-port.js';
import { AccessError, unauthenticated } from './access-error.js';
import type { RoleGrant } from './access-settings.js';
import { type AccessRule, scopeOf } from './permissions.js';
import type { Principal } from './principal.js';

/** What something that stays open was opened for. */
export interface Purpose {
  readonly budgetIds: readonly string[];
  /** Absent: for whatever the principal may do there. */
  readonly aiId?: string | undefined;
}

/** Whether a rule lets roles do less of a purpose than it let those before. */
export function isLowered(
  before: readonly RoleGrant[],
  after: readonly RoleGrant[],
  rule: AccessRule,
  { budgetIds, aiId }: Purpose,
): boolean {
  return budgetIds.some((budgetId) => {
    const then = scopeOf({ roles: before }, rule, budgetId);
    const now = scopeOf({ roles: after }, rule, budgetId);
    if (now === 'all' || then === undefined) return false;
    if (aiId !== undefined) return now?.has(aiId) !== true;
    return then === 'all' || [...then].some((ai) => now?.has(ai) !== true);
  });
}

/** Why something that a principal opened must end now; undefined while it may go on. */
export function endOf(
  { name, roles, withdrawn }: Pick<Principal, 'name' | 'roles' | 'withdrawn'>,
  rolesBefore: readonly RoleGrant[],
  rule: AccessRule,
  purpose: Purpose | undefined,
): AccessError | undefined {
  if (withdrawn === true) {
    return unauthenticated(
      `the credentials of ${name} that opened this were withdrawn: open it again with others that are good`,
    );
  }
  if (purpose === undefined || !isLowered(rolesBefore, roles, rule, purpose)) return undefined;
  const why = `the roles of ${name} allow less than when this was opened: open it again for what they allow now`;
  return new AccessError('PERMISSION_DENIED', why);
}

/** What must hear of it when the configured credentials change. */
export class Followers {
  private readonly listeners = new Set<() => void>();

  add(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(): void {
    for (const listener of [...this.listeners]) listener();
  }

  get size(): number {
    return this.listeners.size;
  }
}

/** How a principal stands towards one rule, for what it opens and keeps open. */
export class Standing {
  constructor(
    private readonly principal: Principal,
    private readonly rule: AccessRule,
    private readonly followers: Followers,
  ) {}

  /** Calls back once when what was opened must end; at once, if it must already. Returns what calls that off. */
  follow(purpose: () => Purpose | undefined, ended: (error: AccessError) => void): () => void {
    const { principal, rule } = this;
    let roles = principal.roles;
    const look = (): void => {
      const error = endOf(principal, roles, rule, purpose());
      roles = principal.roles;
      if (error === undefined) return;
      forget();
      ended(error);
    };
    const forget = this.followers.add(look);
    look();
    return forget;
  }

  /** Work that waits for its caller, and is given up when the caller's principal may no longer have it done. */
  whileGood<T>(caller: Caller, purpose: Purpose, work: (caller: Caller) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const standing = new StandingCaller(caller);
      const forget = this.follow(
        () => purpose,
        (error) => {
          reject(error);
          standing.leave();
        },
      );
      work(standing).then(resolve, reject).finally(forget);
    });
  }
}

/** A caller that is gone when it goes, or when it may no longer wait. */
class StandingCaller implements Caller {
  private left = false;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly caller: Caller) {
    caller.onGone(() => this.leave());
  }

  get gone(): boolean {
    return this.left || this.caller.gone;
  }

  onGone(listener: () => void): void {
    if (this.left) queueMicrotask(listener);
    else this.listeners.add(listener);
  }

  leave(): void {
    this.left = true;
    const told = [...this.listeners];
    this.listeners.clear();
    for (const listener of told) listener();
  }
}
