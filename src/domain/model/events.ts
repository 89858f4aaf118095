import type { AlertChange } from '../alerts/notices.js';
import type { AlertView, BudgetView } from './outcomes.js';
import type { LeaseView } from './types.js';

/** What happened to a budget, for logs and watchers. */
export type BudgetEvent =
  /** `askedTokens`: where it is granted less than it asked for. */
  | {
      readonly kind: 'granted';
      readonly at: number;
      readonly lease: LeaseView;
      readonly askedTokens?: number;
    }
  | {
      readonly kind: 'released' | 'expired' | 'revoked';
      readonly at: number;
      readonly lease: LeaseView;
    }
  /** A report went above the reservation. */
  | { readonly kind: 'overrun'; readonly at: number; readonly lease: LeaseView; readonly tokens: number }
  | { readonly kind: 'alert'; readonly at: number; readonly alert: AlertView; readonly change: AlertChange }
  | { readonly kind: 'changed'; readonly at: number; readonly budget: BudgetView };
