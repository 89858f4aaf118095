import type {
  Blocker as BlockerView,
  Denial as DenialView,
  Rule as RuleName,
} from '../../domain/model/types.js';
import { type Blocker, type Denial, Rule } from '../../gen/budgetarbiter/v1/budget.js';
import { durationMessage, optionalDate } from './time.js';
import { windowKindMessage } from './window.js';

const RULE_MESSAGES: { readonly [R in RuleName]: Rule } = {
  PAUSED: Rule.RULE_PAUSED,
  EMERGENCY: Rule.RULE_EMERGENCY,
  REQUEST_TOO_LARGE: Rule.RULE_REQUEST_TOO_LARGE,
  COOLDOWN: Rule.RULE_COOLDOWN,
  CONCURRENCY: Rule.RULE_CONCURRENCY,
  AI_CONCURRENCY: Rule.RULE_AI_CONCURRENCY,
  TEAM_CONCURRENCY: Rule.RULE_TEAM_CONCURRENCY,
  MODEL_CONCURRENCY: Rule.RULE_MODEL_CONCURRENCY,
  HOURLY_CAP: Rule.RULE_HOURLY_CAP,
  TEAM_CAP: Rule.RULE_TEAM_CAP,
  MODEL_CAP: Rule.RULE_MODEL_CAP,
  DAILY_CAP: Rule.RULE_DAILY_CAP,
  AI_DAILY_CAP: Rule.RULE_AI_DAILY_CAP,
  MONTHLY_CAP: Rule.RULE_MONTHLY_CAP,
  KEPT_FOR_OTHERS: Rule.RULE_KEPT_FOR_OTHERS,
};

export function ruleMessage(rule: RuleName): Rule {
  return RULE_MESSAGES[rule];
}

export function denialMessage(denial: DenialView): Denial {
  return {
    blockers: denial.blockers.map(blockerMessage),
    retryAfter: denial.retryAfterMs === undefined ? undefined : durationMessage(denial.retryAfterMs),
    availableAt: optionalDate(denial.availableAt),
    permanent: denial.permanent,
    fallbackBudgetIds: [...denial.fallbackBudgetIds],
  };
}

export function optionalDenial(denial: DenialView | undefined): Denial | undefined {
  return denial === undefined ? undefined : denialMessage(denial);
}

export function blockerMessage(blocker: BlockerView): Blocker {
  return {
    rule: RULE_MESSAGES[blocker.rule],
    limit: blocker.limit,
    spent: blocker.spent,
    reserved: blocker.reserved,
    requested: blocker.requested,
    availableAt: optionalDate(blocker.availableAt),
    message: blocker.message,
    window: blocker.window && windowKindMessage(blocker.window),
    scope: blocker.scope,
  };
}
