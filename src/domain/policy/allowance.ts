import { percentOf } from '../model/percent.js';
import type { Policy } from '../model/policy.js';

/** The limits of a policy in tokens. */
export interface Allowance {
  /** What is handed out in a month at all. */
  readonly enforced: number;
  /** Grants end when this much is spent: the emergency share of it. Pacing divides this. */
  readonly grantable: number;
  readonly warning: number;
  readonly critical: number;
  readonly emergencyOff: boolean;
  readonly dailyMax: number;
  readonly hourlyMax: number;
  readonly dailyMin: number;
}

/** `larger`: what top-ups add to the enforced limit of the month, and so to all that is a percentage of it. */
export function allowanceOf(policy: Policy, larger = 0): Allowance {
  const enforced = percentOf(policy.monthlyLimit, policy.enforcedPercent) + larger;
  return {
    enforced,
    grantable: percentOf(enforced, policy.emergencyPercent),
    warning: percentOf(enforced, policy.warningPercent),
    critical: percentOf(enforced, policy.criticalPercent),
    emergencyOff: policy.emergencyPercent === 100,
    dailyMax: percentOf(enforced, policy.maxDailyPercent),
    hourlyMax: percentOf(enforced, policy.maxHourlyPercent),
    dailyMin: percentOf(enforced, policy.minDailyPercent),
  };
}

/** What a month leaves to the next: of what was not handed out at most this part of its limit, all without top-ups, so that nothing is rolled on twice. */
export function rolledOver(policy: Policy, taken: number): number {
  if (policy.rolloverMaxPercent === 0) return 0;
  const { enforced, grantable } = allowanceOf(policy);
  return Math.min(percentOf(enforced, policy.rolloverMaxPercent), Math.max(0, grantable - taken));
}
