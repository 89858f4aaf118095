import { MAX_AMOUNT } from '../model/limits.js';
import type { TokenCounts } from '../model/types.js';
import { TOKENS } from '../model/unit.js';

/**
 * Every field of a policy, once. What names one derives from here: the types, the defaults, the ranges, the API's message and its
 * update mask, the shape of CONFIG_FILE, the dashboard's form and help, the limits in `/openapi.json`. A new plain field is a
 * line in `proto/` and a row here; then comes its rule.
 */

/** What one token of a kind counts, in percent with at most 4 decimal places. */
export type TokenWeights = { readonly [K in keyof TokenCounts]: number };

/** Where the dashboard's form shows a field, in this order. */
export const POLICY_GROUPS = [
  'Limits',
  'Slots and leases',
  'Requests',
  'Teams and models',
  'Alerts and the rest',
] as const;
type PolicyGroup = (typeof POLICY_GROUPS)[number];

interface Description {
  /** In the API, in CONFIG_FILE and to people. */
  readonly name: string;
  readonly group: PolicyGroup;
  /** For a person who has the name before them. */
  readonly help: string;
}

interface Range {
  readonly least: number;
  readonly most: number;
  readonly default: number;
}

/** What values a field may have, and which it has while it is unset. */
export type PolicyRule =
  | ({ readonly kind: 'tokens' | 'count' | 'percent' } & Range)
  /** Above 0, at most 100 percent. */
  | { readonly kind: 'share'; readonly default: number }
  /** In milliseconds. */
  | ({ readonly kind: 'duration' } & Range)
  | { readonly kind: 'choice'; readonly values: readonly string[]; readonly default: string }
  | { readonly kind: 'zone' | 'unit'; readonly default: string }
  /** How many entries there may be. What they may take together: `policy-size.ts`. */
  | {
      readonly kind:
        | 'budgets'
        | 'percents'
        | 'shares-by-ai'
        | 'weights-by-model'
        | 'teams'
        | 'limits-by-model';
      readonly most: number;
    }
  | { readonly kind: 'weights'; readonly default: TokenWeights };

export type PolicyField = PolicyRule & Description;

const SECOND = 1_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The largest weight of a token, in percent: as a price, 100,000 of a currency for a million tokens. */
export const MAX_WEIGHT = 10_000_000;

const MOST_ALERT_PERCENTS = 10;

const FULL_WEIGHTS: TokenWeights = {
  input: 100,
  output: 100,
  cacheRead: 100,
  cacheWrite: 100,
  reasoning: 100,
  total: 100,
};

const share = (value: number) => ({ kind: 'share', default: value }) as const;
const tokens = (least: number, value: number) =>
  ({ kind: 'tokens', least, most: MAX_AMOUNT, default: value }) as const;
const count = (value: number) => ({ kind: 'count', least: 1, most: 1_000, default: value }) as const;
const lasting = (least: number, most: number, value: number) =>
  ({ kind: 'duration', least, most, default: value }) as const;
const oneOf = <const V extends string>(values: readonly V[], value: V) =>
  ({ kind: 'choice', values, default: value }) as const;
const upTo = <const K extends string>(most: number, kind: K) => ({ kind, most }) as const;

/** The fields by their names in the domain; those of durations end in their unit. */
export const POLICY_FIELDS = {
  monthlyLimit: field('monthly_limit', 'Limits', tokens(1, 200_000), 'tokens a month'),
  unit: field(
    'unit',
    'Limits',
    { kind: 'unit', default: TOKENS },
    'tokens, or a currency such as USD: amounts are millionths of it, weights are prices',
  ),
  enforcedPercent: field('enforced_percent', 'Limits', share(70), 'of it is handed out: the enforced limit'),
  maxDailyPercent: field(
    'max_daily_percent',
    'Limits',
    share(8),
    'of the enforced limit in one day, at most',
  ),
  maxHourlyPercent: field(
    'max_hourly_percent',
    'Limits',
    share(0.5),
    'of the enforced limit in one hour, at most',
  ),
  minDailyPercent: field(
    'min_daily_percent',
    'Limits',
    { kind: 'percent', least: 0, most: 100, default: 2 },
    'a day should use at least; FLOOR keeps it for later days',
  ),
  pacing: field(
    'pacing',
    'Limits',
    oneOf(['NONE', 'FLOOR', 'EVEN'], 'FLOOR'),
    'how the day’s cap follows the month',
  ),
  evennessPercent: field(
    'evenness_percent',
    'Limits',
    { kind: 'percent', least: 0, most: 100, default: 93.3333 },
    'of an even month’s day EVEN keeps for every later day; 100: strictly equal parts',
  ),
  mode: field(
    'mode',
    'Limits',
    oneOf(['ENFORCE', 'OBSERVE'], 'ENFORCE'),
    'OBSERVE grants what it would deny',
  ),
  maxDailyPercentPerAi: field(
    'max_daily_percent_per_ai',
    'Requests',
    share(100),
    'of the day’s cap for one AI; 100 turns it off',
  ),
  maxDailyPercentByAi: field(
    'max_daily_percent_by_ai',
    'Requests',
    upTo(250, 'shares-by-ai'),
    'one a line, such as guardian: 50',
  ),
  maxRequestTokens: field(
    'max_request_tokens',
    'Requests',
    tokens(0, 0),
    'one lease may reserve; 0: no such limit',
  ),
  maxReportTokens: field(
    'max_report_tokens',
    'Requests',
    tokens(0, 0),
    'a larger report is taken for a mistake; 0: the monthly limit',
  ),
  cooldownMs: field(
    'cooldown',
    'Slots and leases',
    lasting(0, 31 * DAY, 300 * SECOND),
    'between two grants to the same AI',
  ),
  maxConcurrent: field('max_concurrent', 'Slots and leases', count(2), 'live slots'),
  maxConcurrentPerAi: field('max_concurrent_per_ai', 'Slots and leases', count(1), 'live slots of one AI'),
  sessionGraceMs: field(
    'session_grace',
    'Slots and leases',
    lasting(0, HOUR, 10 * SECOND),
    'how long a lease outlives its broken session',
  ),
  leaseTtlMs: field(
    'lease_ttl',
    'Slots and leases',
    lasting(SECOND, DAY, 120 * SECOND),
    'a lease not renewed for so long is over',
  ),
  maxLeaseDurationMs: field(
    'max_lease_duration',
    'Slots and leases',
    lasting(SECOND, DAY, HOUR),
    'renewals end so long after the grant',
  ),
  defaultReservation: field(
    'default_reservation',
    'Requests',
    tokens(0, 0),
    'for callers without an estimate; 0: what is left, divided among the free slots',
  ),
  minReservation: field('min_reservation', 'Requests', tokens(1, 100), 'the least that such a caller gets'),
  minEstimate: field(
    'min_estimate',
    'Requests',
    tokens(0, 0),
    'any lease reserves at least; 0: no such least',
  ),
  onExpiry: field(
    'on_expiry',
    'Slots and leases',
    oneOf(['CHARGE', 'REFUND'], 'CHARGE'),
    'what a crashed AI had reserved',
  ),
  lateReportGraceMs: field(
    'late_report_grace',
    'Slots and leases',
    lasting(0, DAY, HOUR),
    'so long a release frees what is presumed',
  ),
  tokenWeights: field(
    'token_weights',
    'Alerts and the rest',
    { kind: 'weights', default: FULL_WEIGHTS },
    'one a line, such as cache_read_percent: 10',
  ),
  tokenWeightsByModel: field(
    'token_weights_by_model',
    'Alerts and the rest',
    upTo(100, 'weights-by-model'),
    'one a line: model: output_percent 500, input_percent 100',
  ),
  rolloverMaxPercent: field(
    'rollover_max_percent',
    'Limits',
    { kind: 'percent', least: 0, most: 100, default: 0 },
    'of the enforced limit that the next month gets, if it was left over',
  ),
  timeZone: field(
    'time_zone',
    'Limits',
    { kind: 'zone', default: 'UTC' },
    'IANA name; in force from the next month if this one is in use',
  ),
  warningPercent: field(
    'warning_percent',
    'Alerts and the rest',
    share(80),
    'of the enforced limit spent: an alert',
  ),
  criticalPercent: field('critical_percent', 'Alerts and the rest', share(95), 'a louder one'),
  emergencyPercent: field(
    'emergency_percent',
    'Alerts and the rest',
    share(98),
    'no new grants from here on; 100 turns it off',
  ),
  alertPercents: field(
    'alert_percents',
    'Alerts and the rest',
    upTo(MOST_ALERT_PERCENTS, 'percents'),
    'of the enforced limit spent, such as 50, 80, 95: each is told',
  ),
  alertPercentsPerAi: field(
    'alert_percents_per_ai',
    'Alerts and the rest',
    upTo(MOST_ALERT_PERCENTS, 'percents'),
    'of the enforced limit spent by one AI: each is told',
  ),
  alertPercentsPerTeam: field(
    'alert_percents_per_team',
    'Alerts and the rest',
    upTo(MOST_ALERT_PERCENTS, 'percents'),
    "of a team's own part of the month spent: each is told",
  ),
  denialAlertPerMinute: field(
    'denial_alert_per_minute',
    'Alerts and the rest',
    { kind: 'count', least: 0, most: 1_000_000, default: 0 },
    'so many denials a minute, for 10 minutes: an alert; 0 turns it off',
  ),
  fallbackBudgetIds: field(
    'fallback_budget_ids',
    'Alerts and the rest',
    upTo(16, 'budgets'),
    'budgets that denials name, with commas between',
  ),
  teams: field(
    'teams',
    'Teams and models',
    upTo(64, 'teams'),
    'one a line: web: web/* reviewer, max_daily_percent 30, max_concurrent 2',
  ),
  models: field(
    'models',
    'Teams and models',
    upTo(64, 'limits-by-model'),
    'one a line: claude-opus-*: max_daily_percent 20',
  ),
  lending: field(
    'lending',
    'Teams and models',
    oneOf(['GRADUAL', 'NEVER'], 'GRADUAL'),
    'whether others get, late in a window, what is guaranteed to a team and not used',
  ),
} as const satisfies Readonly<Record<string, PolicyField>>;

function field<const R extends PolicyRule>(
  name: string,
  group: PolicyGroup,
  rule: R,
  help: string,
): R & Description {
  return { name, group, help, ...rule };
}

export type PolicyKey = keyof typeof POLICY_FIELDS;

export const POLICY_KEYS = Object.keys(POLICY_FIELDS) as PolicyKey[];

/** The table for those who walk it. */
export const POLICY_ROWS: readonly (readonly [PolicyKey, PolicyField])[] = POLICY_KEYS.map((key) => [
  key,
  POLICY_FIELDS[key],
]);

/** The kinds of tokens under the names that the API has for their weights. */
export const TOKEN_WEIGHT_NAMES: { readonly [K in keyof TokenWeights]: string } = {
  input: 'input_percent',
  output: 'output_percent',
  cacheRead: 'cache_read_percent',
  cacheWrite: 'cache_write_percent',
  reasoning: 'reasoning_percent',
  total: 'total_percent',
};
