import type { Access } from '../../access/access.js';
import { unauthenticated } from '../../access/access-error.js';
import { PERMISSIONS, scopeOf } from '../../access/permissions.js';
import type { Caller, ServicePort } from '../../arbiter/service-port.js';
import type { HttpCall } from '../endpoint.js';

/** Somebody who looks at the dashboard. */
export interface Visitor {
  /** As they find it, for reading. */
  readonly servicePort: ServicePort;
  /** Whether they may see this budget, for streams that stay open. */
  maySee(budgetId: string): boolean;
  /** Whether they may change this budget. */
  mayOperate(budgetId: string): boolean;
  /** Whether what let them in still holds, for streams that stay open. */
  stillIn(): boolean;
}

/** A browser may go at any time; what it asked for is read all the same. */
export const BROWSER: Caller = { gone: false, onGone: () => {} };

const OPERATING = PERMISSIONS.BudgetAdminService.pauseBudget;

/** Throws an `AccessError`. */
export function visitorOf(
  { principal, path, stillIn }: HttpCall,
  access: Access | undefined,
  servicePort: ServicePort,
): Visitor {
  if (access === undefined) return { servicePort, maySee: () => true, mayOperate: () => true, stillIn };
  // An endpoint that forgot to ask who calls must not be open for it.
  if (principal === undefined) throw unauthenticated('credentials are needed here');
  return {
    servicePort: access.portFor(principal, PERMISSIONS.http, path, servicePort),
    maySee: (budgetId) => scopeOf(principal, PERMISSIONS.http, budgetId) === 'all',
    mayOperate: (budgetId) => scopeOf(principal, OPERATING, budgetId) === 'all',
    stillIn,
  };
}
