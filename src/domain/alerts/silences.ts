import type { Silences, StoredSilence } from '../model/state.js';

/** What operators want sinks not to be told of, and until when: by rule, or of every rule. What holds is shown all the same. */

/** Stands for every rule. */
export const EVERY_RULE = '*';

/** Until when nothing of a rule is sent; absent if it may be sent. */
export function silencedUntil(silences: Silences, rule: string, now: number): number | undefined {
  const until = Math.max(silences[rule]?.until ?? 0, silences[EVERY_RULE]?.until ?? 0);
  return until > now ? until : undefined;
}

/** Those that a request changes: the rules that it names, or all. An end of all ends each, also what was silenced by its rule. */
export function silencedBy(
  silences: Silences,
  rules: readonly string[],
  silence: StoredSilence | undefined,
): Silences {
  const named = rules.length === 0 ? [EVERY_RULE] : rules;
  const kept = rules.length === 0 && silence === undefined ? [] : Object.entries(silences);
  const others = kept.filter(([rule]) => !named.includes(rule));
  const changed = silence === undefined ? [] : named.map((rule) => [rule, silence] as const);
  return Object.fromEntries([...others, ...changed]);
}

/** Without those that are over. */
export function silencesAt(silences: Silences, now: number): Silences {
  const lasting = Object.entries(silences).filter(([, { until }]) => until > now);
  return lasting.length === Object.keys(silences).length ? silences : Object.fromEntries(lasting);
}

/** When the first of them is over; infinite if there is none. */
export function firstSilenceEnd(silences: Silences): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const rule in silences) earliest = Math.min(earliest, silences[rule]?.until ?? earliest);
  return earliest;
}
