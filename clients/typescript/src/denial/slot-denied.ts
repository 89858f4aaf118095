import { type Denial, Rule } from '../gen/budgetarbiter/v1/budget.js';
import { secondsOf } from '../time.js';

/** Up to this a client may be told to sleep: the vendors' SDKs sleep as long as a `Retry-After` says, those for Node for days. */
const LONGEST_TOLD_SLEEP_S = 60;

/** A denial as an HTTP server should answer it. */
export interface HttpAnswer {
  /** 400 for good, 503 while the budget is paused, else 429. */
  readonly status: 400 | 429 | 503;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

/**
 * No slot: the rules of the budget refuse, and waiting does not help or would take longer than the caller has patience. It has cost
 * nothing.
 */
export class SlotDenied extends Error {
  /** Its class. */
  override readonly name = 'SlotDenied';
  /** Every rule that refuses, such as `HOURLY_CAP`; of a later release's, its number. */
  readonly rules: readonly string[];
  /** Seconds after which asking again may help. Undefined if nobody knows, or if no waiting helps. */
  readonly retryAfter: number | undefined;
  /** No waiting helps: ask for less. */
  readonly permanent: boolean;
  /** Budgets to ask instead, best first. */
  readonly fallbackBudgetIds: readonly string[];

  constructor(
    /** All that the service said. */
    readonly denial: Denial,
    /** The budget that refuses. */
    readonly budget: string,
    /** Who asked. */
    readonly ai: string,
  ) {
    super(denial.blockers.map(({ message }) => message).join('; ') || 'no slot');
    this.rules = rulesOf(denial);
    this.retryAfter = denial.retryAfter && secondsOf(denial.retryAfter);
    this.permanent = denial.permanent;
    this.fallbackBudgetIds = denial.fallbackBudgetIds;
  }

  /** What a server tells its own caller: 400 for good, 503 while the budget is paused, else 429. */
  toHttp(): HttpAnswer {
    const { rules, retryAfter, permanent, fallbackBudgetIds, message } = this;
    const status = permanent ? 400 : rules.includes('PAUSED') ? 503 : 429;
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (!permanent && retryAfter !== undefined) {
      headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfter)));
    }
    if (permanent || retryAfter === undefined || retryAfter > LONGEST_TOLD_SLEEP_S) {
      headers['x-should-retry'] = 'false';
    }
    const error = {
      type: 'budget_denied',
      code: 'budget_denied',
      message,
      rules,
      retry_after: retryAfter ?? null,
      permanent,
      fallback_budget_ids: fallbackBudgetIds,
    };
    return { status, headers, body: JSON.stringify({ error }) };
  }
}

/** Of a later release's rule, its number. */
export function rulesOf({ blockers }: Denial): readonly string[] {
  return blockers.map(({ rule }) => Rule[rule]?.replace('RULE_', '') ?? String(rule));
}
