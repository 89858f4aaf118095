import { RULES, type Rule as RuleName } from '../../domain/model/types.js';
import { Rule } from '../../gen/budgetarbiter/v1/budget.js';
import type {
  SimulatedOutcome,
  SimulatedShift,
  SimulatePolicyResponse,
} from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import type { Shift } from '../../replay/comparison.js';
import type { Outcome } from '../../replay/report.js';
import type { Simulation } from '../../replay/simulate-policy.js';
import { ruleMessage } from './denial.js';
import { durationMessage } from './time.js';

const MOST_AIS = 100;

export function simulationMessage({ comparison, recordedTokens }: Simulation): SimulatePolicyResponse {
  const { current, candidate, gains = [], losses = [], selfCheck, cannotKnow = [] } = comparison ?? {};
  return {
    inForce: current && outcomeMessage(current),
    candidate: candidate && outcomeMessage(candidate),
    gains: gains.map(shiftMessage),
    losses: losses.map(shiftMessage),
    recordedTokens,
    selfCheck: selfCheck?.text ?? '',
    cannotKnow: [...cannotKnow],
  };
}

function outcomeMessage(outcome: Outcome): SimulatedOutcome {
  const { lastedDays, months, usedTokens, usedPercent, spreadPercent, clairvoyantSpreadPercent } = outcome;
  const { asked, granted, refused, byRule, byAi, firstRefusal: first, days } = outcome;
  return {
    ...{ lastedDays, usedTokens, usedPercent, spreadPercent, clairvoyantSpreadPercent },
    dry: months.some(({ isDry }) => isDry),
    ...{ askedRequests: asked.requests, askedTokens: asked.tokens },
    ...{ grantedRequests: granted.requests, grantedTokens: granted.tokens },
    ...{ refusedRequests: refused.requests, refusedTokens: refused.tokens },
    byRule: byRule.map(({ rule, requests, tokens }) => ({ rule: ruleOf(rule), requests, tokens })),
    byAi: byAi.slice(0, MOST_AIS).map((ai) => ({
      aiId: ai.aiId,
      ...{ askedTokens: ai.asked.tokens, grantedTokens: ai.granted.tokens, refusedTokens: ai.refused.tokens },
    })),
    firstRefusal: first && {
      ...{
        refusedAt: new Date(first.at),
        aiId: first.aiId,
        rule: ruleOf(first.rule),
        message: first.message,
      },
    },
    waitP50: durationMessage(outcome.waitP50Ms),
    waitP95: durationMessage(outcome.waitP95Ms),
    days: days.map(({ day, tokens, demand }) => ({ date: day, tokens, demandTokens: demand })),
  };
}

/** What is no rule, such as a state that is full, has no name there. */
function ruleOf(rule: string): Rule {
  return RULES.includes(rule as RuleName) ? ruleMessage(rule as RuleName) : Rule.RULE_UNSPECIFIED;
}

function shiftMessage({ aiId, before, after }: Shift): SimulatedShift {
  return { aiId, inForceTokens: before, candidateTokens: after };
}
