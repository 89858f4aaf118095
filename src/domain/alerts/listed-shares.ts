import { percentOf } from '../model/percent.js';
import * as messages from './alert-messages.js';
import type { AlertCondition, AlertInput } from './condition.js';

/** The thresholds that a policy lists: of the month, of what an AI spent of it, and of a team's part of it. */
export function listedShares(input: AlertInput): AlertCondition[] {
  const { policy, allowance, monthSpent, monthAis, teams } = input;
  const { enforced } = allowance;
  const { alertPercents, alertPercentsPerAi, alertPercentsPerTeam } = policy;
  const found: AlertCondition[] = [];
  const add = (condition: AlertCondition | undefined) => {
    if (condition !== undefined) found.push(condition);
  };
  add(reached(input, { rule: 'MONTH_SHARE' }, alertPercents, monthSpent, enforced));
  if (alertPercentsPerAi.length > 0) {
    for (const [aiId, spent] of monthAis)
      add(reached(input, { rule: 'AI_SHARE', aiId }, alertPercentsPerAi, spent, enforced));
  }
  if (alertPercentsPerTeam.length > 0) {
    for (const { teamId, spent, part } of teams)
      add(reached(input, { rule: 'TEAM_SHARE', teamId }, alertPercentsPerTeam, spent, part));
  }
  return found;
}

type About = Pick<AlertCondition, 'rule' | 'aiId' | 'teamId'>;

/** The highest threshold that is reached: each further one is told anew. Undefined below the first: AIs are many. */
function reached(
  { policy, zone, month }: AlertInput,
  about: About,
  percents: readonly number[],
  spent: number,
  whole: number,
): AlertCondition | undefined {
  const passed = percents.filter((percent) => spent > 0 && spent >= percentOf(whole, percent));
  const percent = passed.at(-1);
  if (percent === undefined) return undefined;
  const { rule, ...whose } = about;
  const place = { unit: policy.unit, zone };
  const message = () => messages.listedShare(place, whose, month, spent, whole, percent);
  const threshold = percentOf(whole, percent);
  return {
    ...{ rule, ...whose, window: 'MONTH', windowStart: month.start },
    ...{ value: spent, threshold, holds: true, level: passed.length, message },
  };
}
