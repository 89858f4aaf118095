import type { PolicyWarning } from '../model/outcomes.js';
import { percentOf } from '../model/percent.js';
import type { Policy } from '../model/policy.js';
import { inUnit, smallestOf } from '../model/unit.js';
import { allowanceOf } from './allowance.js';
import { patternTest } from './patterns.js';
import { LIMIT_FIELDS, type ScopeLimits } from './scope-fields.js';

/** What may surprise about teams and limits of models that work. `ais`: those of this month, where that is known. */
export function scopeWarnings(policy: Policy, ais: readonly string[] | undefined): PolicyWarning[] {
  const warnings: PolicyWarning[] = [];
  for (const [teamId, team] of policy.teams) {
    warnings.push(...smallCaps(policy, `teams[${JSON.stringify(teamId)}]`, team));
    if (ais !== undefined) warnings.push(...unused(teamId, team.aiIds, ais));
  }
  for (const [pattern, limits] of policy.models)
    warnings.push(...smallCaps(policy, `models[${JSON.stringify(pattern)}]`, limits));
  return warnings;
}

/** The AIs of a month: those that it counts, and those that got a slot in it. */
export function aisOfMonth(
  counted: Iterable<string>,
  lastGrants: Iterable<readonly [string, number]>,
  month: { readonly start: number },
): string[] {
  const ais = new Set(counted);
  for (const [aiId, at] of lastGrants) if (at >= month.start) ais.add(aiId);
  return [...ais];
}

function unused(teamId: string, patterns: readonly string[], ais: readonly string[]): PolicyWarning[] {
  const idle = patterns.filter((pattern) => !ais.some(patternTest(pattern)));
  if (idle.length === 0) return [];
  const shown = idle.slice(0, 8).map((pattern) => JSON.stringify(pattern));
  const which = shown.join(', ') + (idle.length > shown.length ? ', …' : '');
  const message = `no AI of this month fits ${which}: misspelt, or an AI that is yet to come`;
  return [{ field: `teams[${JSON.stringify(teamId)}].ai_ids`, message }];
}

/** Percentages of which nothing can come. */
function smallCaps(policy: Policy, field: string, limits: ScopeLimits): PolicyWarning[] {
  const { hourlyMax, dailyMax, enforced } = allowanceOf(policy);
  const least = Math.max(1, policy.minEstimate);
  const wholes = [
    ['maxHourlyPercent', hourlyMax],
    ['maxDailyPercent', dailyMax],
    ['maxMonthlyPercent', enforced],
  ] as const;
  return wholes.flatMap(([key, whole]) => {
    const tokens = percentOf(whole, limits[key]);
    if (tokens >= least) return [];
    const few =
      tokens === 0
        ? `is less than one ${smallestOf(policy.unit)}`
        : `is less than min_estimate, ${inUnit(policy.unit, policy.minEstimate)}`;
    const message = `${limits[key]}% ${few}: always denied; raise it if that is not meant`;
    return [{ field: `${field}.${LIMIT_FIELDS[key].name}`, message }];
  });
}
