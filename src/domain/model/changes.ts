import type { PolicyKey } from '../policy/policy-fields.js';
import type { PolicyFields } from './policy.js';
import type { TopUpKind } from './types.js';

/**
 * The history of a budget's settings: one record for each change that an operator made. The commit that makes the change carries its
 * record, so that there is one exactly where the change happened; it waits in the state until it is written out.
 */

/** So many of a budget are kept, the newest. */
export const KEPT_CHANGES = 200;

/** What records may take together while they wait in the state: beyond, a change that carries a policy must come again. */
export const MAX_WAITING_CHANGE_BYTES = 512 * 1024;

/** The kinds of changes that say what a policy was, and is. */
export interface PolicyChange {
  /** Fields that differ; the preset beside them. */
  readonly fields: readonly PolicyKey[];
  /** Of these fields what was set before; of maps the entries that differ. Absent: it followed its default. */
  readonly before: PolicyFields;
  readonly after: PolicyFields;
}

export interface EndedPause {
  readonly reason: string;
  readonly at: number;
  readonly principal?: string;
}

export interface TopUpChange {
  readonly topUpId: string;
  readonly of: TopUpKind;
  readonly tokens: number;
  readonly aiId?: string;
  readonly teamId?: string;
  readonly month?: string;
  readonly expiresAt?: number;
}

/** What changed, as far as it says what was before and what came after. */
export type ChangeBody =
  | ({ readonly kind: 'CREATED' | 'POLICY' | 'PRESET' } & PolicyChange)
  /** `before` is the whole policy. */
  | ({ readonly kind: 'DELETED' } & PolicyChange)
  | { readonly kind: 'PAUSED' }
  /** The pause that ended. */
  | { readonly kind: 'RESUMED'; readonly pause: EndedPause }
  | {
      readonly kind: 'LEASE_REVOKED';
      readonly leaseId: string;
      readonly aiId: string;
      readonly reservedTokens: number;
      readonly usedTokens: number;
      readonly presumedTokens: number;
    }
  | {
      readonly kind: 'USAGE_ADJUSTED';
      readonly adjustmentId: string;
      readonly tokens: number;
      readonly day: string;
      /** Of that day, after it. */
      readonly dayTotal: number;
      readonly aiId?: string;
      readonly model?: string;
    }
  | ({ readonly kind: 'TOP_UP_ADDED' } & TopUpChange)
  | ({ readonly kind: 'TOP_UP_ENDED'; readonly spent: number; readonly takenBack: number } & TopUpChange)
  | { readonly kind: 'ALERT_ACKNOWLEDGED'; readonly alertId: string; readonly rule: string }
  /** `until` absent: told again from then on. No rules: every rule. */
  | { readonly kind: 'ALERTS_SILENCED'; readonly rules: readonly string[]; readonly until?: number }
  | { readonly kind: 'CLOCK_RESET'; readonly before: number; readonly after: number };

export type ChangeKind = ChangeBody['kind'];

export interface StoredChange {
  /** Counts the changes of a budget from 1 on, without a gap, also beyond its deletion. */
  readonly number: number;
  readonly epoch: number;
  /** Of the commit that made the change. */
  readonly revision: number;
  readonly at: number;
  /** Who asked for it, as the log names them. */
  readonly principal?: string;
  readonly reason?: string;
  readonly body: ChangeBody;
}
