import type { IncomingMessage } from 'node:http';
import type { Access } from '../../access/access.js';
import { AuditedDoor } from '../../access/audited-door.js';
import { PERMISSIONS, type Rule, scopeOf } from '../../access/permissions.js';
import { type Principal, principalLabel } from '../../access/principal.js';
import { randomText, type Sessions } from '../../access/sessions.js';
import type { Caller, Door } from '../../arbiter/door.js';
import type { Log } from '../../platform/log.js';
import { RequestPresented } from '../entrance.js';
import type { ChangeGuard } from './changes.js';
import { sessionIdOf } from './session-cookie.js';

/** Somebody who looks at the dashboard, and the door as they find it. */
export interface Visitor extends ChangeGuard {
  /** Absent: no credentials are configured. */
  readonly principal?: Principal;
  /** Absent where there is nothing to sign out of. */
  readonly sessionId?: string;
  /** Throws PERMISSION_DENIED for those without the role. */
  door(rule: Rule, path: string): Door;
  may(rule: Rule, budgetId: string): boolean;
  /** Whether what let the visitor in still holds, for streams that stay open. */
  stillIn(): boolean;
}

/** A browser may go at any time; what it asked for is done all the same. */
export const BROWSER: Caller = { gone: false, onGone: () => {} };

export class Visitors {
  /** For those who have no session: another site's page can neither read it nor send it along. */
  readonly csrf = randomText();
  private readonly anonymous: Door;

  constructor(
    readonly access: Access | undefined,
    readonly sessions: Sessions,
    private readonly bareDoor: Door,
    readonly log: Log,
  ) {
    this.anonymous = new AuditedDoor(bareDoor, principalLabel(undefined), log);
  }

  /** By the session cookie, or else as everywhere. Throws an `AccessError`. */
  async of(request: IncomingMessage): Promise<Visitor> {
    const { access, sessions, csrf, anonymous } = this;
    if (access === undefined) {
      return { csrf, anonymous: true, door: () => anonymous, may: () => true, stillIn: () => true };
    }
    const presented = new RequestPresented(request);
    const sessionId = sessionIdOf(request);
    if (sessionId === undefined || presented.authorization.length > 0) {
      const principal = await access.authenticate(presented);
      const validForMs = access.validForMs(principal);
      const stillIn = () => validForMs === undefined || validForMs() > 0;
      return { csrf, ...this.known(access, principal), stillIn };
    }
    const session = sessions.use(sessionId);
    if (session === undefined) return access.refuse(presented, 'this session is over: sign in again');
    return {
      ...{ csrf: session.csrf, sessionId, ...this.known(access, session.principal) },
      stillIn: () => sessions.use(sessionId) !== undefined,
    };
  }

  private known(access: Access, principal: Principal) {
    return {
      principal,
      anonymous: false,
      door: (rule: Rule, path: string) => access.doorFor(principal, rule, path, this.bareDoor),
      may: (rule: Rule, budgetId: string) => scopeOf(principal, rule, budgetId) === 'all',
    };
  }
}

/** Whether a visitor may change this budget. */
export function mayOperate(visitor: Visitor, budgetId: string): boolean {
  return visitor.may(PERMISSIONS.BudgetAdminService.pauseBudget, budgetId);
}
