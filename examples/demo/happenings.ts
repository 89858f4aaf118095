import { type Alert, AlertRule, type Lease } from '../../src/gen/budgetarbiter/v1/budget.js';
import type { BudgetEvent } from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { amount } from './text.js';

/** One line of what happened. */
export interface Happening {
  readonly at: Date;
  readonly kind: 'granted' | 'released' | 'expired' | 'revoked' | 'alert' | 'denied' | 'killed' | 'restarted';
  readonly aiId?: string;
  readonly text: string;
}

/** An event of WatchBudget for a person; undefined for what nobody needs to see here. */
export function happeningOf(event: BudgetEvent): Happening | undefined {
  const at = event.occurredAt ?? new Date();
  const what = event.event;
  switch (what?.$case) {
    case 'granted':
    case 'released':
    case 'expired':
    case 'revoked':
      return { at, kind: what.$case, aiId: what.value.aiId, text: LEASE_TEXTS[what.$case](what.value) };
    case 'alert':
      return { at, kind: 'alert', text: alertText(what.value) };
    default:
      return undefined;
  }
}

/** An alert about a moment has ended when it is raised. */
function alertText({ rule, message, raisedAt, endedAt }: Alert): string {
  const name = AlertRule[rule].replace('ALERT_RULE_', '');
  const over = endedAt !== undefined && endedAt.getTime() !== raisedAt?.getTime();
  return over ? `${name} is over` : `${name}: ${message.split('. ')[0]}`;
}

const LEASE_TEXTS = {
  granted: ({ reservedTokens, fence }: Lease) => `slot ${fence}, ${amount(reservedTokens)} tokens reserved`,
  released: ({ usedTokens, reservedTokens, fence }: Lease) =>
    `slot ${fence}, ${amount(usedTokens)} of ${amount(reservedTokens)} used` +
    (usedTokens > reservedTokens ? ', an overrun' : ''),
  expired: ({ fence, usedTokens, presumedTokens }: Lease) =>
    `slot ${fence}, ${amount(usedTokens)} reported, ${amount(presumedTokens)} presumed spent`,
  revoked: ({ fence }: Lease) => `slot ${fence}`,
};
