import type { Usage } from '../gen/budgetarbiter/v1/budget.js';

/** What becomes of what a slot had reserved and nobody reported. */
export type Unreported = 'FREE' | 'PRESUME' | 'UNUSED';

/** Which lease a settlement is of: known by its id, or only by the request that may have been granted. */
export type SettledLease =
  | {
      /** As the service named it. */
      readonly leaseId: string;
    }
  | {
      /** Of the request whose answer is not known. */
      readonly requestId: string;
      /** Without a lease, book it all the same. */
      readonly isSpent: boolean;
    };

/** What is to be told to the service of one slot, until it is known. Kept in the journal as it is: no credentials. */
export interface Settlement {
  /** Its own. */
  readonly id: string;
  /** The budget that is charged. */
  readonly budgetId: string;
  /** Who spent. */
  readonly aiId: string;
  /** What it settles. */
  readonly lease: SettledLease;
  /** Booked one after the other, the last with the release if there is one. */
  readonly usages: readonly Usage[];
  /** Absent: the slot goes on. */
  readonly unreported?: Unreported;
  /** By the wall clock: after 7 days the service may have forgotten its ids. */
  readonly firstTriedAt: number;
}

/** The service remembers ids for 7 days; an hour less leaves time for clocks that differ. */
export const LONGEST_MS = (7 * 24 - 1) * 3_600_000;
