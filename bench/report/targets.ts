import type { Cell, Sample } from '../rounds.js';
import { cellOf, P99, RATE, ratioOf } from './ratio.js';
import { fixed, table, whole } from './table.js';

/** What one part of the benchmark found, by name: `growth` says what it adds. */
export type Figures = ReadonlyMap<string, number>;

export interface Target {
  readonly what: string;
  readonly goal: number;
  /** The goal is the most, not the least. */
  readonly atMost?: boolean;
  /** Undefined: not measured in this run. */
  readonly reached: (cells: readonly Cell[], figures: Figures) => number | undefined;
}

const rate = (row: string, to: string, callers: number) => (cells: readonly Cell[]) =>
  ratioOf(cellOf(cells, row, callers), cellOf(cells, to, callers), RATE);
const p99 = (row: string, to: string, callers: number) => (cells: readonly Cell[]) =>
  ratioOf(cellOf(cells, row, callers), cellOf(cells, to, callers), P99);
const figure = (name: string) => (_: readonly Cell[], figures: Figures) => figures.get(name);
const echoed = (row: string, limit: string, callers: number, goal: number, what: string): Target => ({
  what: `${what}, ${callers} callers, to echo`,
  goal,
  reached: rate(row, limit, callers),
});

/** What the benchmark is to show, as ratios within one run. */
export const TARGETS: readonly Target[] = [
  echoed('embedded-cycle', 'echo-cycle', 64, 0.7, 'cycle, embedded'),
  echoed('embedded-cycle', 'echo-cycle', 16, 0.5, 'cycle, embedded'),
  echoed('embedded-cycle', 'echo-cycle', 1, 0.33, 'cycle, embedded'),
  {
    what: "CPU a call of the cycle, embedded, 64 callers, to echo's",
    goal: 1.6,
    atMost: true,
    reached: (cells) => cpuRatio(cells, 'embedded-cycle', 'echo-cycle', 64),
  },
  echoed('embedded-record', 'echo-record', 64, 0.65, 'RecordUsage, embedded'),
  echoed('embedded-denials', 'echo-call', 64, 0.85, 'denials, embedded'),
  echoed('embedded-replays', 'echo-call', 64, 0.9, 'replays, embedded'),
  {
    what: 'p99 of the cycle, embedded, 64 callers, to that of echo',
    goal: 1,
    atMost: true,
    reached: p99('embedded-cycle', 'echo-cycle', 64),
  },
  {
    what: 'session to echo of a stream, window 64',
    goal: 0.6,
    reached: rate('embedded-session', 'echo-stream', 1),
  },
  echoed('embedded-cycle-1000', 'echo-cycle', 64, 0.35, 'cycle, embedded, 1,000 budgets'),
  echoed('mongo-cycle', 'echo-cycle', 64, 0.35, 'cycle, MongoDB'),
  echoed('mongo-cycle', 'echo-cycle', 16, 0.2, 'cycle, MongoDB'),
  {
    what: "cycle, MongoDB, 64 budgets, 64 callers, to RateLimiterMongo's 64 keys",
    goal: 2,
    reached: rate('mongo-cycle-64', 'limiter-64', 64),
  },
  {
    what: 'cycle, MongoDB, 64 callers, to raw findOneAndUpdate',
    goal: 7,
    reached: rate('mongo-cycle', 'raw-1', 64),
  },
  {
    what: 'cycle, two replicas on one hot budget, 64 callers, to one replica',
    goal: 0.8,
    reached: rate('pair-cycle', 'mongo-cycle', 64),
  },
  {
    what: 'least served of 64 callers on two replicas, to the mean',
    goal: 0.1,
    reached: (cells) => leastShare(cellOf(cells, 'pair-cycle', 64)),
  },
  { what: 'decide() a second', goal: 500_000, reached: (cells) => rateOf(cellOf(cells, 'decide', 1)) },
  {
    what: 'decide() a second, 64 teams, 64 limits of models, 50 top-ups',
    goal: 300_000,
    reached: (cells) => rateOf(cellOf(cells, 'decide-shared', 1)),
  },
  {
    what: 'bytes of a commit of 64 calls, embedded',
    goal: 50_000,
    atMost: true,
    reached: figure('lmdb-bytes'),
  },
  { what: 'commit, embedded, 10,000 AIs to 10', goal: 1.2, atMost: true, reached: figure('lmdb-ais') },
  { what: 'commit, embedded, 1,000 leases to 1', goal: 1.2, atMost: true, reached: figure('lmdb-leases') },
  { what: 'commit, MongoDB, 1,000 AIs to 10', goal: 1.7, atMost: true, reached: figure('mongo-ais') },
  {
    what: 'bytes of a commit, MongoDB, 1,000 AIs to 10',
    goal: 1.05,
    atMost: true,
    reached: figure('mongo-ais-bytes'),
  },
  {
    what: 'GetDistribution, 100,000 records to 1,000',
    goal: 1.2,
    atMost: true,
    reached: figure('distribution'),
  },
  { what: 'memory, idle, MiB', goal: 100, atMost: true, reached: figure('memory-idle') },
  { what: 'memory, 10,000 active budgets, MiB', goal: 500, atMost: true, reached: figure('memory-10000') },
  { what: 'soak: memory, last quarter to second', goal: 1.1, atMost: true, reached: figure('soak-memory') },
  { what: 'soak: p99, last quarter to second', goal: 1.25, atMost: true, reached: figure('soak-p99') },
];

/** A row may have no process of its own that could be measured. */
function cpuRatio(cells: readonly Cell[], row: string, to: string, callers: number): number | undefined {
  const of = ({ cpuUsPerCall = Number.NaN }: Sample) => cpuUsPerCall;
  const ratio = ratioOf(cellOf(cells, row, callers), cellOf(cells, to, callers), of);
  return Number.isNaN(ratio) ? undefined : ratio;
}

function leastShare(cell: Cell | undefined): number | undefined {
  const shares = (cell?.samples ?? []).flatMap(({ leastShare }) => leastShare ?? []);
  return shares.length === 0 ? undefined : Math.min(...shares);
}

function rateOf(cell: Cell | undefined): number | undefined {
  const rates = (cell?.samples ?? []).map(RATE).sort((a, b) => a - b);
  return rates[rates.length >> 1];
}

export interface Verdict {
  readonly what: string;
  readonly goal: number;
  readonly atMost: boolean;
  readonly reached: number;
  readonly met: boolean;
}

/** Of the targets that this run measured. */
export function verdicts(cells: readonly Cell[], figures: Figures): Verdict[] {
  return TARGETS.flatMap(({ what, goal, atMost = false, reached: find }) => {
    const reached = find(cells, figures);
    if (reached === undefined) return [];
    return { what, goal, atMost, reached, met: atMost ? reached <= goal : reached >= goal };
  });
}

export function targetsTable(found: readonly Verdict[]): string {
  const number = (value: number) => (value >= 100 ? whole(value) : fixed(value, 2));
  return table(
    ['target', 'goal', 'reached', 'met'],
    found.map(({ what, goal, atMost, reached, met }) => [
      what,
      `${atMost ? 'at most ' : ''}${number(goal)}`,
      number(reached),
      met ? 'yes' : 'no',
    ]),
  );
}
