/**
 * What the page reads of the API's answers, in the JSON of protobuf: what is 0, false or empty is left out, and large whole
 * numbers are texts.
 */

/** By fields in lowerCamelCase. */
export type PolicyJson = Readonly<Record<string, unknown>>;

export interface BudgetJson {
  /** What is set. */
  readonly policy?: PolicyJson;
  /** What is in force. */
  readonly effectivePolicy?: PolicyJson;
  /** `PRESET_CALLS` */
  readonly preset: string;
  /** The defaults that it brought. */
  readonly presetPolicy?: PolicyJson;
  readonly etag: string;
}

export interface WarningJson {
  readonly field: string;
  readonly message: string;
}

export interface WindowJson {
  readonly window: 'WINDOW_HOUR' | 'WINDOW_DAY' | 'WINDOW_MONTH';
  readonly capTokens?: string;
  readonly spentTokens?: string;
  readonly reservedTokens?: string;
}

/** `GetBudget` */
export interface FoundBudget {
  readonly budget: BudgetJson;
  readonly warnings?: readonly WarningJson[];
}

/** `UpdateBudget` of a budget that is there. */
export interface UpdatedBudget extends FoundBudget {
  readonly before: BudgetJson;
  readonly windows?: readonly WindowJson[];
  readonly windowsBefore?: readonly WindowJson[];
}

/** `SimulatePolicy`: absent outcomes where the days had no usage. */
export interface SimulationJson {
  readonly inForce?: OutcomeJson;
  readonly candidate?: OutcomeJson;
  readonly selfCheck?: string;
  readonly cannotKnow?: readonly string[];
}

/** What became of requests under one policy. */
export interface OutcomeJson {
  readonly lastedDays?: number;
  readonly dry?: boolean;
  readonly usedTokens?: string;
  readonly usedPercent?: number;
  readonly spreadPercent?: number;
  readonly clairvoyantSpreadPercent?: number;
  readonly refusedTokens?: string;
  readonly byRule?: readonly { readonly rule: string }[];
  readonly days?: readonly {
    readonly date: string;
    readonly tokens?: string;
    readonly demandTokens?: string;
  }[];
}

/** `RevokeLease` */
export interface RevokedLease {
  readonly lease: { readonly state: string };
}

/** `ListChanges` */
export interface ChangeJson {
  readonly number: string;
  readonly changedAt: string;
  readonly principal?: string;
  /** `CHANGE_KIND_POLICY` */
  readonly kind: string;
  readonly reason?: string;
  readonly policy?: {
    readonly fields?: string;
    readonly before?: PolicyJson;
    readonly after?: PolicyJson;
    readonly presetBefore?: string;
    readonly presetAfter?: string;
  };
  readonly lease?: { readonly aiId: string };
  readonly adjustment?: { readonly tokens?: string; readonly day: string };
  readonly topUp?: {
    readonly topUpId: string;
    readonly tokens?: string;
    readonly aiId?: string;
    readonly teamId?: string;
    readonly month?: string;
  };
  /** What `UpdateBudget` takes to put back what it replaced. */
  readonly undo?: { readonly budgetId: string };
}

/** `ListAlerts` */
export interface AlertJson {
  readonly alertId: string;
  /** `ALERT_RULE_POOR_SPREAD` */
  readonly rule: string;
  readonly raisedAt: string;
  readonly endedAt?: string;
  readonly message: string;
  readonly acknowledgedAt?: string;
  readonly acknowledgedBy?: string;
  readonly acknowledgedReason?: string;
  readonly silencedUntil?: string;
}

export interface SilenceJson {
  /** Absent: every rule. */
  readonly rule?: string;
  readonly until: string;
  readonly reason?: string;
  readonly silencedBy?: string;
}

/** `ListUsage`: of what usage is summed by, the names. */
export interface UsageRowJson {
  readonly key: string;
  readonly tokens?: string;
  readonly calls?: string;
  readonly failedCalls?: string;
  readonly day?: string;
  readonly aiId?: string;
  readonly model?: string;
  readonly teamId?: string;
}

export interface UsageJson {
  readonly rows?: readonly UsageRowJson[];
  readonly nextPageToken?: string;
  readonly totalTokens?: string;
  readonly totalCalls?: string;
  readonly budgetTokens?: string;
}

/** `GetAvailability` */
export interface AvailabilityJson {
  readonly availableTokens?: string;
  readonly denial?: {
    readonly blockers?: readonly { readonly rule: string; readonly message: string }[];
    readonly retryAfter?: string;
  };
  readonly teamId?: string;
}

/** `max_daily_percent` is `maxDailyPercent` in JSON. */
export function jsonName(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export function apiName(json: string): string {
  return json.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
