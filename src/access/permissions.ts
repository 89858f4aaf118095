import { fitsPattern } from '../domain/policy/patterns.js';
import type { Role } from './access-settings.js';
import type { Principal } from './principal.js';

/** `own`: for the AI ids that the principal was given, and for their leases only. */
export type Permission = 'yes' | 'own' | 'no';
export type AccessRule = { readonly [R in Role]: Permission };

function rule(ai: Permission, viewer: Permission, operator: Permission): AccessRule {
  return { ai, viewer, operator };
}

/**
 * Who may do what. A method of the API without a row here does not compile (`grpc/server.ts`), and
 * `test/grpc/permissions.test.ts` calls every method in every role.
 */
export const PERMISSIONS = {
  //                        ai     viewer operator
  BudgetService: {
    acquireSlot: /*     */ rule('own', 'no', 'yes'),
    renewSlot: /*       */ rule('own', 'no', 'yes'),
    recordUsage: /*     */ rule('own', 'no', 'yes'),
    release: /*         */ rule('own', 'no', 'yes'),
    session: /*         */ rule('own', 'no', 'yes'),
    getLease: /*        */ rule('own', 'yes', 'yes'),
    getAvailability: /* */ rule('own', 'yes', 'yes'),
    getDistribution: /* */ rule('no', 'yes', 'yes'),
  },
  BudgetAdminService: {
    getBudget: /*    */ rule('no', 'yes', 'yes'),
    listBudgets: /*  */ rule('no', 'yes', 'yes'),
    listLeases: /*   */ rule('no', 'yes', 'yes'),
    listUsage: /*    */ rule('no', 'yes', 'yes'),
    listDenials: /*  */ rule('own', 'yes', 'yes'),
    listTopUps: /*   */ rule('no', 'yes', 'yes'),
    listAlerts: /*   */ rule('no', 'yes', 'yes'),
    listChanges: /*  */ rule('no', 'yes', 'yes'),
    watchBudget: /*  */ rule('no', 'yes', 'yes'),
    createBudget: /* */ rule('no', 'no', 'yes'),
    updateBudget: /* */ rule('no', 'no', 'yes'),
    deleteBudget: /* */ rule('no', 'no', 'yes'),
    pauseBudget: /*  */ rule('no', 'no', 'yes'),
    resumeBudget: /* */ rule('no', 'no', 'yes'),
    revokeLease: /*  */ rule('no', 'no', 'yes'),
    adjustUsage: /*  */ rule('no', 'no', 'yes'),
    addTopUp: /*     */ rule('no', 'no', 'yes'),
    endTopUp: /*     */ rule('no', 'no', 'yes'),
    acknowledgeAlert: rule('no', 'no', 'yes'),
    silenceAlerts: /**/ rule('no', 'no', 'yes'),
    simulatePolicy: /*  */ rule('no', 'no', 'yes'),
    resetClock: /*   */ rule('no', 'no', 'yes'),
  },
  /** Every page over HTTP but the health checks, and what the dashboard reads; what it does has the rows above. */
  http: rule('no', 'yes', 'yes'),
  /** What the API looks like, for whoever is known. */
  openApi: rule('yes', 'yes', 'yes'),
} as const;

/** What a rule lets a principal do with one budget: everything, as some AIs only, or nothing. */
export type Scope = 'all' | ReadonlySet<string> | undefined;

export function scopeOf({ roles }: Principal, rule: AccessRule, budgetId: string): Scope {
  let own: Set<string> | undefined;
  for (const grant of roles) {
    const permission = rule[grant.role];
    if (permission === 'no' || !fitsPattern(grant.budgets, budgetId)) continue;
    if (permission === 'yes') return 'all';
    own ??= new Set();
    for (const ai of grant.ais) own.add(ai);
  }
  return own;
}

/** Whether the rule lets the principal do with every budget what it does: for what concerns the whole process. */
export function mayCallForAll({ roles }: Principal, rule: AccessRule): boolean {
  return roles.some(({ role, budgets }) => rule[role] === 'yes' && /^\*+$/.test(budgets));
}

/** Whether there is any budget that the rule lets the principal near. */
export function mayCall({ roles }: Principal, rule: AccessRule): boolean {
  return roles.some((grant) => rule[grant.role] !== 'no');
}

/** The roles that a rule asks for, for a message. */
export function rolesFor(rule: AccessRule): string {
  return (['ai', 'viewer', 'operator'] as const).filter((role) => rule[role] !== 'no').join(' or ');
}
