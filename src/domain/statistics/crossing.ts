import { callsOf, tokensOf } from '../ledger/counts.js';
import { isFullOfPairs, pairOf } from '../ledger/pairs.js';
import type { Policy } from '../model/policy.js';
import type { UsageDay } from '../model/state.js';
import { type CallCount, NONE, OTHER, UNKNOWN } from '../model/types.js';
import { teamIdOf } from '../policy/team-patterns.js';
import { NO_CALLS, sumOfCalls } from './calls-by-name.js';

/** Usage by several keys at once: who used what on which day. */

export type CrossingKey = 'DAY' | 'AI' | 'MODEL' | 'TEAM';

/** Whose usage: of all, but for what is named. */
export interface Whose {
  readonly aiId?: string;
  readonly model?: string;
  /** `(none)`: AIs in no team. */
  readonly teamId?: string;
}

/** What has usage together, as far as it was asked for. */
export interface CrossedRow extends CallCount {
  readonly day?: string;
  readonly aiId?: string;
  readonly model?: string;
  readonly teamId?: string;
  readonly tokens: number;
}

/** A part of a day's usage. Absent names were not needed. */
interface Use extends CallCount {
  readonly aiId?: string;
  readonly model?: string;
  /** Where it is not that of the AI. */
  readonly teamId?: string;
  readonly tokens: number;
}

const SEPARATOR = '\u0000';

/** Rows by the keys, each once. */
export function crossing(
  days: Iterable<UsageDay>,
  policy: Policy,
  keys: readonly CrossingKey[],
  whose: Whose,
): CrossedRow[] {
  const teams = new Map<string, string>();
  const teamOf = (aiId: string) => {
    const known = teams.get(aiId) ?? (aiId === OTHER ? undefined : teamIdOf(policy, aiId)) ?? NONE;
    teams.set(aiId, known);
    return known;
  };
  const has = (key: CrossingKey) => keys.includes(key);
  const needsTeam = has('TEAM') || whose.teamId !== undefined;
  const needs = {
    ai: has('AI') || needsTeam || whose.aiId !== undefined,
    model: has('MODEL') || whose.model !== undefined,
  };
  const rows = new Map<string, CrossedRow>();
  for (const day of days) {
    for (const use of usesOf(day, policy, needs, whose)) {
      const teamId = needsTeam ? (use.teamId ?? teamOf(use.aiId ?? UNKNOWN)) : undefined;
      if (!isAsked({ ...use, teamId }, whose)) continue;
      const own = {
        ...(has('DAY') && { day: day.day }),
        ...(has('AI') && { aiId: use.aiId ?? '' }),
        ...(has('MODEL') && { model: use.model ?? '' }),
        ...(has('TEAM') && { teamId: teamId ?? '' }),
      };
      const key = Object.values(own).join(SEPARATOR);
      const before = rows.get(key);
      const tokens = (before?.tokens ?? 0) + use.tokens;
      rows.set(key, { ...own, tokens, ...sumOfCalls([before, use]) });
    }
  }
  return [...rows.values()];
}

function isAsked(use: Omit<Use, 'teamId'> & { readonly teamId: string | undefined }, whose: Whose): boolean {
  return (
    (whose.aiId ?? use.aiId) === use.aiId &&
    (whose.model ?? use.model) === use.model &&
    (whose.teamId ?? use.teamId) === use.teamId
  );
}

function* usesOf(
  day: UsageDay,
  policy: Policy,
  needs: { readonly ai: boolean; readonly model: boolean },
  whose: Whose,
): Iterable<Use> {
  if (needs.ai && needs.model) yield* pairsOf(day, whose);
  else if (needs.ai) yield* aisOf(day, policy);
  else if (needs.model) {
    for (const [model, tokens] of day.models)
      yield { model, tokens, ...(day.modelCalls?.get(model) ?? NO_CALLS) };
  } else yield { tokens: day.total, ...sumOfCalls([day]) };
}

/** Of `(other)` AIs a day knows what each team has, and no calls. */
function* aisOf({ ais, aiCalls, parts }: UsageDay, policy: Policy): Iterable<Use> {
  for (const [aiId, all] of ais) {
    let tokens = all;
    for (const [key, ofTeam] of aiId === OTHER ? parts : []) {
      const [of, teamId = ''] = key.split(' ');
      if (of !== 'TEAM' || !policy.teams.has(teamId)) continue;
      tokens -= ofTeam;
      yield { aiId, teamId, tokens: ofTeam, ...NO_CALLS };
    }
    yield { aiId, tokens, ...(aiCalls?.get(aiId) ?? NO_CALLS) };
  }
}

/** What is in no pair stands by the AIs that used it; where one model is asked for, with that. */
function* pairsOf(day: UsageDay, whose: Whose): Iterable<Use> {
  const { pairs = new Map() } = day;
  const ofModel = whose.model !== undefined && whose.aiId === undefined && whose.teamId === undefined;
  const left = leftOf(ofModel ? day.models : day.ais, ofModel ? day.modelCalls : day.aiCalls);
  for (const [name, count] of pairs) {
    const [aiId, model] = pairOf(name);
    const use = { aiId, model, tokens: tokensOf(count), ...(callsOf(count) ?? NO_CALLS) };
    yield use;
    take(left, ofModel ? model : aiId, use);
  }
  const rest = isFullOfPairs(day.day, pairs) ? OTHER : UNKNOWN;
  for (const [name, { tokens, calls, failedCalls }] of left) {
    if (tokens <= 0 && calls <= 0) continue;
    yield {
      ...(ofModel ? { aiId: rest, model: name } : { aiId: name, model: rest }),
      tokens,
      calls,
      failedCalls,
    };
  }
}

type Left = Map<string, { tokens: number; calls: number; failedCalls: number }>;

function leftOf(names: ReadonlyMap<string, number>, calls: UsageDay['aiCalls']): Left {
  return new Map(
    Array.from(names, ([name, tokens]) => [name, { tokens, ...(calls?.get(name) ?? NO_CALLS) }]),
  );
}

function take(left: Left, name: string, { tokens, calls, failedCalls }: Use): void {
  const of = left.get(name);
  if (of === undefined) return;
  of.tokens -= tokens;
  of.calls -= calls;
  of.failedCalls -= failedCalls;
}
