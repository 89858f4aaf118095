import type { Load } from '../drive/load.js';
import type { World } from '../serve/world.js';

export const CALLERS = [1, 16, 64] as const;

/** A row of the table, for each number of callers. */
export interface Row {
  readonly id: string;
  readonly what: string;
  /** What drives the load. */
  readonly driver: 'ghz' | 'Go' | 'Node' | '-';
  /** The row that this one is compared with in the same round. */
  readonly limit?: string;
  readonly needsMongo?: boolean;
  /** Fewer where more tell nothing. */
  readonly callers?: readonly number[];
  open(world: World): Promise<Opened>;
}

/** A row whose budgets stand and whose processes run. */
export interface Opened {
  /** Processes that serve it: what their CPU is counted of. */
  readonly pids?: readonly number[];
  drive(callers: number, seconds: number): Promise<Load>;
  /** Commits so far, give or take a constant. */
  commits?(): Promise<number>;
}
