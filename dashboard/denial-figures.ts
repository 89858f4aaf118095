/** Denials as `ListDenials` has them, and what a page makes of them. */

interface DenialRowJson {
  readonly start: string;
  readonly end: string;
  readonly aiId: string;
  readonly rule: string;
  readonly denied?: string;
  readonly wouldDeny?: string;
  readonly firstAt?: string;
  readonly lastAt?: string;
  readonly aiDenied?: string;
  readonly aiWouldDeny?: string;
}

export interface RuleDenialsJson {
  readonly rule: string;
  readonly denied?: string;
  readonly wouldDeny?: string;
  readonly lastAt?: string;
  readonly lastAiId?: string;
  readonly lastBlocker?: { readonly message?: string };
}

export interface DenialsJson {
  readonly rows?: readonly DenialRowJson[];
  readonly nextPageToken?: string;
  readonly rules?: readonly RuleDenialsJson[];
  readonly deniedRequests?: string;
  readonly wouldDenyRequests?: string;
  readonly from: string;
  readonly to: string;
}

/** Refused, or in mode OBSERVE what would have been. */
export type Kind = 'denied' | 'wouldDeny';

export interface HourOfAi {
  readonly start: number;
  readonly aiId: string;
  readonly rule: string;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

export interface AiDenials {
  readonly aiId: string;
  /** Requests, each once. */
  readonly count: number;
  /** The gravest first. */
  readonly rules: readonly string[];
  readonly lastAt: number;
  /** Requests by the first moment of their hour. */
  readonly hours: readonly (readonly [number, number])[];
}

const TOTALS = { denied: 'aiDenied', wouldDeny: 'aiWouldDeny' } as const;

/** A line for each hour, AI and rule, the newest first. */
export function hoursOfAis(rows: readonly DenialRowJson[], kind: Kind): HourOfAi[] {
  return rows
    .map((row) => ({
      ...{
        start: Date.parse(row.start),
        aiId: row.aiId,
        rule: ruleName(row.rule),
        count: Number(row[kind] ?? 0),
      },
      ...{ firstAt: Date.parse(row.firstAt ?? row.start), lastAt: Date.parse(row.lastAt ?? row.end) },
    }))
    .filter(({ count }) => count > 0);
}

/** By AI, the most refused first. An AI's requests of one hour stand in each of its rows, and count once. */
export function byAi(rows: readonly DenialRowJson[], kind: Kind): AiDenials[] {
  const ais = new Map<string, { rules: Map<string, number>; hours: Map<number, number>; lastAt: number }>();
  for (const row of rows) {
    const count = Number(row[kind] ?? 0);
    if (count === 0) continue;
    const of = ais.get(row.aiId) ?? { rules: new Map(), hours: new Map(), lastAt: 0 };
    ais.set(row.aiId, of);
    const rule = ruleName(row.rule);
    of.rules.set(rule, (of.rules.get(rule) ?? 0) + count);
    of.hours.set(Date.parse(row.start), Number(row[TOTALS[kind]] ?? count));
    of.lastAt = Math.max(of.lastAt, Date.parse(row.lastAt ?? row.end));
  }
  return [...ais]
    .map(([aiId, { rules, hours, lastAt }]) => ({
      ...{ aiId, lastAt, hours: [...hours], count: sum([...hours.values()]) },
      rules: [...rules].sort(([, a], [, b]) => b - a).map(([rule]) => rule),
    }))
    .sort((a, b) => b.count - a.count || b.lastAt - a.lastAt);
}

/** Requests by the first moment of the hour, of all AIs. */
export function byHour(ais: readonly AiDenials[]): ReadonlyMap<number, number> {
  const sums = new Map<number, number>();
  for (const { hours } of ais)
    for (const [start, count] of hours) sums.set(start, (sums.get(start) ?? 0) + count);
  return sums;
}

/** `HOURLY_CAP` of `RULE_HOURLY_CAP`. */
export function ruleName(rule: string): string {
  return rule.replace('RULE_', '');
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
