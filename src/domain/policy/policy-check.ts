import type { FieldViolation } from '../model/outcomes.js';
import { percentOf, percentUnits } from '../model/percent.js';
import { type Policy, type PolicyFields, policyInForce } from '../model/policy.js';
import { inUnit, smallestOf, TOKENS } from '../model/unit.js';
import { allowanceOf } from './allowance.js';
import { largestRequests } from './pacing.js';
import { rangeViolations } from './policy-ranges.js';
import type { Team } from './scope-fields.js';

const LONGEST_MONTH = 31;

/** What is wrong with a policy: fields out of range, or else fields that cannot work together. */
export function policyViolations(fields: PolicyFields): FieldViolation[] {
  const outOfRange = rangeViolations(fields);
  return outOfRange.length > 0 ? outOfRange : workabilityViolations(fields);
}

/** Fields that are each in range, and together make a policy that keeps no promise or grants nothing ever. */
export function workabilityViolations(fields: PolicyFields): FieldViolation[] {
  const policy = policyInForce(fields);
  const empties = emptyLimits(policy);
  const others = empties.length > 0 ? empties : leastEstimate(policy);
  return [
    ...[...minimumViolations(policy), ...others],
    ...[...withoutReservation(fields, policy), ...guaranteeViolations(policy)],
  ];
}

function minimumViolations(policy: Policy): FieldViolation[] {
  const { minDailyPercent: least, maxDailyPercent: most, emergencyPercent: emergency } = policy;
  if (least > most) {
    return [
      violation(
        'min_daily_percent',
        `${least}% is above max_daily_percent, ${most}%: lower it, or raise that`,
      ),
    ];
  }
  const needed = percentUnits(least) * LONGEST_MONTH;
  if (policy.pacing !== 'FLOOR' || needed <= percentUnits(emergency)) return [];
  const sum = `${least}% x ${LONGEST_MONTH} days = ${needed / 10_000}% > emergency_percent ${emergency}%`;
  const advice = `set it to at most ${Math.floor(percentUnits(emergency) / LONGEST_MONTH) / 10_000}, or use another pacing`;
  return [
    violation('min_daily_percent', `pacing FLOOR cannot keep this minimum for every day: ${sum}; ${advice}`),
  ];
}

/** Limits that are above 0 percent, and yet no whole token. Only the first of them: the others follow from it. */
function emptyLimits(policy: Policy): FieldViolation[] {
  const { monthlyLimit, maxDailyPercentPerAi: perAi, unit } = policy;
  const { enforced, grantable, dailyMax, hourlyMax } = allowanceOf(policy);
  if (enforced === 0)
    return [empty(unit, 'enforced_percent', policy.enforcedPercent, 'monthly_limit', monthlyLimit)];
  if (grantable === 0)
    return [empty(unit, 'emergency_percent', policy.emergencyPercent, 'the enforced limit', enforced)];
  const empties: FieldViolation[] = [];
  if (dailyMax === 0)
    empties.push(empty(unit, 'max_daily_percent', policy.maxDailyPercent, 'the enforced limit', enforced));
  else if (percentOf(dailyMax, perAi) === 0) {
    empties.push(empty(unit, 'max_daily_percent_per_ai', perAi, "the day's cap", dailyMax));
  }
  if (hourlyMax === 0)
    empties.push(empty(unit, 'max_hourly_percent', policy.maxHourlyPercent, 'the enforced limit', enforced));
  return empties;
}

/** A least estimate that nothing admits denies everybody for good. */
function leastEstimate(policy: Policy): FieldViolation[] {
  const { minEstimate: least, maxRequestTokens: most, unit } = policy;
  if (most > 0 && least > most) {
    const description = `${inUnit(unit, least)} is above max_request_tokens, ${inUnit(unit, most)}: lower it, or raise that`;
    return [violation('min_estimate', `${description}, or nothing could ever be granted`)];
  }
  const { hour, day } = largestRequests(policy);
  const admitted = Math.min(hour, day);
  if (least <= admitted) return [];
  const description = `${inUnit(unit, least)} is above the most that an hour and a day ever admit, ${inUnit(unit, admitted)}`;
  return [
    violation(
      'min_estimate',
      `${description}, so nothing could ever be granted; lower it, or raise the percentages`,
    ),
  ];
}

/** What cannot be kept for teams: more than there is, or more than a team itself may use. */
function guaranteeViolations({ teams, maxConcurrent }: Policy): FieldViolation[] {
  const violations: FieldViolation[] = [];
  let [units, slots] = [0, 0];
  for (const [teamId, team] of teams) {
    units += percentUnits(team.guaranteedPercent);
    slots += team.guaranteedSlots;
    violations.push(...aboveItsOwn(`teams[${JSON.stringify(teamId)}]`, team));
  }
  if (units > percentUnits(100)) {
    const sum = `guaranteed_percent of all teams comes to ${units / 10_000}%, above 100%`;
    violations.push(violation('teams', `${sum}: lower some, or they cannot all be kept`));
  }
  if (slots > maxConcurrent) {
    const sum = `guaranteed_slots of all teams come to ${slots}, above max_concurrent, ${maxConcurrent}`;
    violations.push(violation('teams', `${sum}: lower some, or raise that`));
  }
  return violations;
}

function aboveItsOwn(field: string, team: Team): FieldViolation[] {
  const { guaranteedPercent: kept, maxHourlyPercent: ofHour, maxDailyPercent: ofDay } = team;
  const most = Math.min(ofHour, ofDay);
  const violations: FieldViolation[] = [];
  if (kept > most) {
    const cap = ofHour < ofDay ? 'max_hourly_percent' : 'max_daily_percent';
    const description = `${kept}% is above its ${cap}, ${most}%: it could never use them; lower it, or raise that`;
    violations.push(violation(`${field}.guaranteed_percent`, description));
  }
  if (team.maxConcurrent > 0 && team.guaranteedSlots > team.maxConcurrent) {
    const description = `${team.guaranteedSlots} is above its max_concurrent, ${team.maxConcurrent}`;
    violations.push(violation(`${field}.guaranteed_slots`, `${description}: lower it, or raise that`));
  }
  return violations;
}

function empty(unit: string, field: string, percent: number, whole: string, of: number): FieldViolation {
  const part = `${percent}% of ${whole}, ${inUnit(unit, of)},`;
  return violation(
    field,
    `${part} is less than one ${smallestOf(unit)}, so nothing could ever be granted; raise it`,
  );
}

/** Under a currency a default that is meant in tokens would reserve nearly nothing. */
function withoutReservation(fields: PolicyFields, policy: Policy): FieldViolation[] {
  const { unit, defaultReservation: inForce, minReservation } = policy;
  const { defaultReservation = 0 } = fields;
  const isLeastSet = fields.minReservation !== undefined;
  if (unit === TOKENS || defaultReservation > 0 || (isLeastSet && inForce === 0)) return [];
  const least = inUnit(unit, inForce || minReservation);
  const description = `a caller without an estimate would reserve as little as ${least}: set`;
  const unsaid = violation('default_reservation', `${description} it in millionths of ${unit}`);
  if (inForce > 0) return [unsaid];
  return [
    violation('min_reservation', `${description} it or default_reservation in millionths of ${unit}`),
    unsaid,
  ];
}

function violation(field: string, description: string): FieldViolation {
  return { field: `policy.${field}`, description };
}
