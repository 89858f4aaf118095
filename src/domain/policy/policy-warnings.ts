import type { PolicyWarning } from '../model/outcomes.js';
import { percentUnits } from '../model/percent.js';
import type { Policy } from '../model/policy.js';
import { TOKEN_KINDS } from '../model/types.js';
import { duration } from '../model/wording.js';
import { allowanceOf } from './allowance.js';
import { type Say, sizeWarnings } from './policy-size-warnings.js';

const HOURS = 24;
const LONGEST_MONTH = 31;
const SHORTEST_MONTH = 28;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** What may surprise about a policy that works. */
export function policyWarnings(policy: Policy): PolicyWarning[] {
  const warnings: PolicyWarning[] = [];
  const say: Say = (field, message) => warnings.push({ field, message });
  for (const check of [hourAgainstDay, dayAgainstMonth, dailyMinimum, thresholds, slots, leases])
    check(policy, say);
  sizeWarnings(policy, say);
  charging(policy, say);
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
  } else if (hourUnits > dayUnits) {
    say(
      'max_hourly_percent',
      `${hour}% > ${day}%: one hour may use up its whole day; lower it to spread the day`,
    );
  } else if (hourUnits * HOURS > dayUnits && pacing !== 'EVEN') {
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
      `${least}% is no whole token, so pacing FLOOR keeps nothing for later days; raise it`,
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
