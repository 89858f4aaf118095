import type { PolicyWarning } from '../model/outcomes.js';
import { percentOf, percentUnits } from '../model/percent.js';
import { type Policy, type PolicyFields, policyInForce } from '../model/policy.js';
import { TOKEN_KINDS } from '../model/types.js';
import { inUnit, MILLIONTHS, smallestOf, TOKENS } from '../model/unit.js';
import { amount, duration } from '../model/wording.js';
import { type Allowance, allowanceOf } from './allowance.js';
import { scopeWarnings } from './scope-warnings.js';

const HOURS = 24;
const LONGEST_MONTH = 31;
const SHORTEST_MONTH = 28;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/**
 * What may surprise about a policy that works, in what was set: not what its preset's defaults would surprise with anyway. `ais`: those of
 * this month, where that is known.
 */
export function policyWarnings(fields: PolicyFields, ais?: readonly string[]): PolicyWarning[] {
  const anyway = new Set(warningsOf(policyInForce(unset(fields))).map(({ message }) => message));
  const policy = policyInForce(fields);
  const own = warningsOf(policy).filter(({ message }) => !anyway.has(message));
  return [...own, ...scopeWarnings(policy, ais)];
}

function unset({ preset }: PolicyFields): PolicyFields {
  return preset === undefined ? {} : { preset };
}

function warningsOf(policy: Policy): PolicyWarning[] {
  const warnings: PolicyWarning[] = [];
  const say: Say = (field, message) => warnings.push({ field, message });
  for (const check of [hourAgainstDay, dayAgainstMonth, dailyMinimum, thresholds, slots, leases])
    check(policy, say);
  sizeWarnings(policy, say);
  charging(policy, say);
  patterns(policy, say);
  if (policy.unit !== TOKENS) money(policy, say);
  return warnings;
}

function hourAgainstDay({ maxHourlyPercent: hour, maxDailyPercent: day, pacing }: Policy, say: Say): void {
  const [hourUnits, dayUnits] = [percentUnits(hour), percentUnits(day)];
  const full = `${hour}% x ${HOURS} h = ${(hourUnits * HOURS) / 10_000}%`;
  if (hourUnits * HOURS < dayUnits) {
    say(
      'max_hourly_percent',
      `${full} < ${day}%: a day never reaches max_daily_percent; raise this, or lower that`,
    );
  } else if (pacing === 'EVEN') {
    // It divides the day among its hours.
    return;
  } else if (hourUnits > dayUnits) {
    say(
      'max_hourly_percent',
      `${hour}% > ${day}%: one hour may use up its whole day; lower it to spread the day`,
    );
  } else if (hourUnits * HOURS > dayUnits) {
    const hours = Math.ceil(dayUnits / hourUnits);
    say(
      'max_hourly_percent',
      `${full} > ${day}%: at full demand a day is used up after ${hours} h; ` +
        `at most ${Math.floor(dayUnits / HOURS) / 10_000} lasts the day, and so does pacing EVEN`,
    );
  }
}

function dayAgainstMonth(policy: Policy, say: Say): void {
  const { maxDailyPercent: day, maxHourlyPercent: hour, emergencyPercent: emergency, pacing } = policy;
  const [dayUnits, hourUnits, end] = [percentUnits(day), percentUnits(hour), percentUnits(emergency)];
  if (dayUnits * LONGEST_MONTH < end) {
    const most = `${day}% x ${LONGEST_MONTH} days = ${(dayUnits * LONGEST_MONTH) / 10_000}%`;
    say(
      'max_daily_percent',
      `${most} < ${emergency}%: no month can be used up; raise it, or lower monthly_limit`,
    );
  } else if (hourUnits * HOURS * LONGEST_MONTH < end) {
    const most = `${hour}% x ${HOURS} h x ${LONGEST_MONTH} days = ${(hourUnits * HOURS * LONGEST_MONTH) / 10_000}%`;
    say(
      'max_hourly_percent',
      `${most} < ${emergency}%: no month can be used up; raise it, or lower monthly_limit`,
    );
  }
  // A clock that repeats an hour adds one more, which no month should depend on.
  const daily = Math.min(dayUnits, hourUnits * HOURS);
  const lastDay = Math.ceil(end / daily);
  if (pacing === 'NONE' && lastDay < SHORTEST_MONTH) {
    say('pacing', `at full demand the month runs dry on its day ${lastDay}; FLOOR or EVEN make it last`);
  }
}

function dailyMinimum(policy: Policy, say: Say): void {
  const { minDailyPercent: least, emergencyPercent: emergency, pacing } = policy;
  if (pacing === 'FLOOR' && allowanceOf(policy).dailyMin === 0) {
    say(
      'min_daily_percent',
      `${least}% is not one ${smallestOf(policy.unit)}, so pacing FLOOR keeps nothing for later days; raise it`,
    );
  }
  const needed = percentUnits(least) * LONGEST_MONTH;
  if (pacing !== 'FLOOR' && needed > percentUnits(emergency)) {
    const sum = `${least}% x ${LONGEST_MONTH} days = ${needed / 10_000}% > ${emergency}%`;
    say('min_daily_percent', `${sum}: not every day can reach it, so some days will alert; lower it`);
  }
}

function thresholds(policy: Policy, say: Say): void {
  const { warningPercent: warning, criticalPercent: critical, emergencyPercent: emergency } = policy;
  if (warning >= critical) {
    say(
      'warning_percent',
      `${warning}% is not below critical_percent, ${critical}%: the warning comes too late; lower it`,
    );
  }
  if (critical >= emergency && emergency < 100) {
    say(
      'critical_percent',
      `${critical}% is not below emergency_percent, ${emergency}%: grants end before it; lower it`,
    );
  }
  if (warning >= emergency && emergency < 100) {
    say(
      'warning_percent',
      `${warning}% is not below emergency_percent, ${emergency}%: grants end before it; lower it`,
    );
  }
}

function slots(policy: Policy, say: Say): void {
  const { maxConcurrent: slots, maxConcurrentPerAi: perAi, cooldownMs, maxLeaseDurationMs } = policy;
  if (perAi > slots) {
    say(
      'max_concurrent_per_ai',
      `${perAi} is above max_concurrent, ${slots}: one AI may hold every slot; lower it`,
    );
  }
  if (perAi > 1 && cooldownMs >= maxLeaseDurationMs) {
    say(
      'max_concurrent_per_ai',
      `${perAi} has no effect: cooldown, ${duration(cooldownMs)}, outlasts every lease ` +
        `(max_lease_duration ${duration(maxLeaseDurationMs)}), so no AI ever holds two slots; shorten the cooldown`,
    );
  }
  if (cooldownMs >= DAY) {
    say(
      'cooldown',
      `${duration(cooldownMs)}: an AI gets a slot at most once in that time; shorten it if that is not meant`,
    );
  }
}

function leases(policy: Policy, say: Say): void {
  const { leaseTtlMs: ttl, maxLeaseDurationMs: longest, sessionGraceMs: grace } = policy;
  if (ttl > longest) {
    say(
      'lease_ttl',
      `${duration(ttl)} is above max_lease_duration and is cut to ${duration(longest)}; raise that, or lower this`,
    );
  }
  const inForce = Math.min(ttl, longest);
  if (inForce > 15 * MINUTE) {
    say(
      'lease_ttl',
      `an AI that crashes holds its slot for up to ${duration(inForce)}; a shorter time frees it sooner`,
    );
  }
  if (inForce < 5_000) {
    say(
      'lease_ttl',
      `${duration(inForce)}: one lost renewal ends a running lease; raise it unless AIs are very near`,
    );
  }
  if (grace > inForce) {
    say(
      'session_grace',
      `${duration(grace)} is above lease_ttl, ${duration(inForce)}: leases end before it is over; lower it`,
    );
  }
}

/** Before there were patterns, such a key was the name of a model. */
function patterns({ tokenWeightsByModel }: Policy, say: Say): void {
  const [first, ...others] = [...tokenWeightsByModel.keys()].filter((key) => key.includes('*'));
  if (first === undefined) return;
  const more = others.length === 0 ? 'is a pattern' : `and ${others.length} more are patterns`;
  say(
    'token_weights_by_model',
    `\`${first}\` ${more}: a \`*\` stands for any run of characters, and each model has the weights of the entry that fits it best`,
  );
}

function charging(policy: Policy, say: Say): void {
  if (TOKEN_KINDS.every((kind) => policy.tokenWeights[kind] === 0)) {
    say(
      'token_weights',
      'every kind of token counts 0%: nothing is charged but to models of their own weights; raise some',
    );
  }
  if (policy.mode === 'OBSERVE') {
    say(
      'mode',
      'OBSERVE grants what the rules would deny, so no limit holds; set ENFORCE once the policy has proved itself',
    );
  }
  const repeated = policy.fallbackBudgetIds.filter((id, index, ids) => ids.indexOf(id) !== index);
  if (repeated.length > 0) {
    say('fallback_budget_ids', `named more than once: ${[...new Set(repeated)].join(', ')}; name each once`);
  }
}

/** What looks as if it had been meant for tokens, or for whole units of the currency. */
function money({ unit, monthlyLimit, tokenWeights, tokenWeightsByModel }: Policy, say: Say): void {
  if (monthlyLimit < MILLIONTHS) {
    say(
      'monthly_limit',
      `${inUnit(unit, monthlyLimit)} a month: amounts are millionths of ${unit}; ` +
        `if ${amount(monthlyLimit)} ${unit} is meant, set ${monthlyLimit * MILLIONTHS}`,
    );
  }
  if (tokenWeightsByModel.size > 0 || TOKEN_KINDS.some((kind) => tokenWeights[kind] !== 100)) return;
  say(
    'token_weights',
    `without prices a million tokens cost ${inUnit(unit, MILLIONTHS)}, whatever the model; ` +
      'set token_weights_by_model: `budget-arbiter prices` makes it from a price table',
  );
}

/** Takes down one warning. */
type Say = (field: string, message: string) => void;

/** What may surprise about the sizes of requests, reservations and reports beside the caps of windows. */
function sizeWarnings(policy: Policy, say: Say): void {
  const allowance = allowanceOf(policy);
  for (const check of [requestSizes, unestimatedRequests, leastEstimate, aiShares, reportSizes])
    check(policy, say, allowance);
}

function requestSizes({ maxRequestTokens: most, unit }: Policy, say: Say, { hourlyMax }: Allowance): void {
  if (most <= hourlyMax) return;
  say(
    'max_request_tokens',
    `requests above the hour's cap, ${inUnit(unit, hourlyMax)}, are denied for good though ${inUnit(unit, most)} are allowed; ` +
      'lower it, or raise max_hourly_percent',
  );
}

function unestimatedRequests(policy: Policy, say: Say, { hourlyMax, dailyMax }: Allowance): void {
  const { defaultReservation, minReservation, maxRequestTokens: most, unit } = policy;
  const field = defaultReservation > 0 ? 'default_reservation' : 'min_reservation';
  const asked = defaultReservation > 0 ? defaultReservation : minReservation;
  const reserved = most > 0 && defaultReservation > 0 ? Math.min(asked, most) : asked;
  if (most > 0 && asked > most) {
    say(
      field,
      `${inUnit(unit, asked)} is above max_request_tokens, ${inUnit(unit, most)}, which is the most that is reserved; lower it`,
    );
  }
  const tightest = Math.min(hourlyMax, dailyMax, percentOf(dailyMax, policy.maxDailyPercentPerAi));
  if (reserved > tightest) {
    say(
      field,
      `${inUnit(unit, reserved)} is above what one AI may use in an hour or a day, ${inUnit(unit, tightest)}: ` +
        'callers without an estimate are always denied; lower it, or raise the percentages',
    );
  }
}

function leastEstimate(policy: Policy, say: Say, { hourlyMax, dailyMax }: Allowance): void {
  const {
    minEstimate: least,
    defaultReservation: unasked,
    maxConcurrent,
    maxDailyPercentPerAi,
    unit,
  } = policy;
  if (least === 0) return;
  if (unasked > 0 && unasked < least) {
    say(
      'default_reservation',
      `${inUnit(unit, unasked)} is below min_estimate: ${inUnit(unit, least)} is reserved all the same; raise it, or lower that`,
    );
  }
  const atOnce = Math.floor(hourlyMax / least);
  if (atOnce < maxConcurrent) {
    say(
      'min_estimate',
      `the hour's cap, ${inUnit(unit, hourlyMax)}, holds ${amount(atOnce)} such leases at a time, ` +
        `fewer than max_concurrent, ${amount(maxConcurrent)}; lower it, or raise max_hourly_percent`,
    );
  }
  const ofAi = percentOf(dailyMax, maxDailyPercentPerAi);
  if (least > ofAi) {
    say(
      'min_estimate',
      `${inUnit(unit, least)} is above max_daily_percent_per_ai of a day, ${inUnit(unit, ofAi)}: ` +
        'AIs without a percentage of their own are always denied; lower it, or raise that',
    );
  }
}

function aiShares(policy: Policy, say: Say, { dailyMax }: Allowance): void {
  const { unit } = policy;
  for (const [aiId, percent] of policy.maxDailyPercentByAi) {
    const share = percentOf(dailyMax, percent);
    if (share > 0 && share >= policy.minEstimate) continue;
    const less =
      share === 0
        ? `is not one ${smallestOf(unit)}`
        : `is less than min_estimate, ${inUnit(unit, policy.minEstimate)}`;
    say(
      'max_daily_percent_by_ai',
      `${percent}% ${less}: \`${aiId}\` is always denied; raise it if that is not meant`,
    );
  }
}

function reportSizes(policy: Policy, say: Say, { hourlyMax }: Allowance): void {
  const { maxReportTokens: report, maxRequestTokens: request, unit } = policy;
  const reservable = request > 0 ? Math.min(request, hourlyMax) : hourlyMax;
  if (report === 0 || report >= reservable) return;
  say(
    'max_report_tokens',
    `a lease may reserve ${inUnit(unit, reservable)}, but one report may charge only ${inUnit(unit, report)}: ` +
      'AIs must split their reports; raise it',
  );
}
