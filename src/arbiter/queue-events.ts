import type { BudgetEvent } from '../domain/model/events.js';
import type { DropWrittenRequest, MarkRefusedRequest } from '../domain/model/requests.js';
import type { StatePatch } from '../domain/model/state.js';
import type { StateVersion } from '../store/store.js';
import type { Answer, Pending } from './pending.js';
import type { Restraint } from './sweeping.js';

/** What the machine of one budget is told, and what it wants done. `L`: the ledger, of which it knows no more than the version. */

/** A request and what must be looked up for it before it can be decided. */
export interface Search {
  readonly pending: Pending;
  readonly receiptIds: readonly string[];
  readonly days: readonly string[];
}

/** What is to be decided at once. */
export interface ToDecide<L> {
  readonly ledger: L;
  readonly batch: readonly Pending[];
  /** The loading of the ledger. */
  readonly lineage: number;
  /** Nobody but the batch: those who wait are tried in another round. */
  readonly alone: boolean;
  readonly restraint: Restraint;
  /** The state may be told what is written; false: it is being told already. */
  readonly mayDrop: boolean;
}

/** What was decided, and nobody must be told before it is durable, or proved current. */
export interface Decided {
  /** By the monotonic clock. */
  readonly at: number;
  readonly answers: readonly Answer[];
  /** Those whose turn did not come, since the commit is full: they are decided in the next. */
  readonly left: readonly Pending[];
  /** Requests that have no outcome, and why; nothing that was decided is in the way of telling them. */
  readonly failures: readonly { readonly pending: Pending; readonly error: unknown }[];
  readonly searches: readonly Search[];
  /** Of a deleted budget that is to begin again: what is left of it must be written out first. */
  readonly afterLastDays: readonly Pending[];
  /** A decision threw: the ledger can no longer be trusted. */
  readonly failed: boolean;
  /** The arbiter's own requests are among them. */
  readonly housekeeping: boolean;
  /** Leases whose time is over were closed along the way. */
  readonly closed: boolean;
  readonly drops?: DropWrittenRequest;
  readonly marks?: MarkRefusedRequest;
}

/** A patch of the state in place of the one that was decided on; its outcome is never left open. */
export interface ToCommit<L> {
  /** As it will be, if it wins, and no round was decided since. */
  readonly ledger: L;
  readonly patch: StatePatch;
  /** What happened by it. */
  readonly events: readonly BudgetEvent[];
  readonly decided: Decided;
  readonly expected: StateVersion | undefined;
  /** The version that it makes. */
  readonly becomes: StateVersion;
  readonly seq: number;
  /** By the monotonic clock; later it is not sent, but lost. */
  readonly sendBy: number;
}

/** `now` is the monotonic clock's. */
export type QueueEvent<L> =
  /** `wanted`: receipts that its decision will surely ask for. */
  | { readonly kind: 'submitted'; readonly pending: Pending; readonly wanted: readonly string[] }
  /** The arbiter's own; one of a kind that waits already is enough. */
  | { readonly kind: 'asked'; readonly pending: Pending }
  | { readonly kind: 'gathered'; readonly now: number }
  /** `rivals`: other replicas that commit to this budget just now. */
  | {
      readonly kind: 'loaded';
      readonly ledger: L;
      readonly isCurrent: boolean;
      readonly rivals: number;
      readonly now: number;
    }
  /** Without a patch there is nothing to write. `toClose`: leases whose time is over, and that are left. */
  | {
      readonly kind: 'decided';
      readonly decided: Decided;
      readonly patch: StatePatch | undefined;
      readonly events: readonly BudgetEvent[];
      readonly seq: number;
      readonly toClose: number;
      readonly now: number;
    }
  | { readonly kind: 'proved'; readonly isCurrent: boolean; readonly now: number }
  /** `looked`: found out by looking, so others may have committed since. */
  | {
      readonly kind: 'committed';
      readonly commit: ToCommit<L>;
      readonly result: 'won' | 'lost';
      readonly looked: boolean;
      readonly now: number;
    }
  | { readonly kind: 'answered'; readonly now: number }
  | { readonly kind: 'rested' }
  /** The commit; absent: what is done at once. `refused`: by the store, which will never take it as it is. */
  | {
      readonly kind: 'failed';
      readonly commit?: ToCommit<L>;
      readonly error: unknown;
      readonly refused: boolean;
      readonly now: number;
    }
  /** The outcome of a commit is unknown: nothing more is to be sent before it is found out. */
  | { readonly kind: 'doubted' }
  | { readonly kind: 'looked-up'; readonly pending: Pending; readonly error?: unknown }
  | { readonly kind: 'last-days-written'; readonly pending: Pending; readonly error?: unknown }
  /** Once a second. */
  | { readonly kind: 'tick' };

/** What is done at once, or started; what comes of `gather`, `load`, `decide`, `prove`, `commit`, `answer` and `rest` is told. */
export type Effect<L> =
  /** Come back after what is under way, input and output included. The round before, if there was one, is over. */
  | { readonly do: 'gather' }
  /** A round begins, with this. */
  | { readonly do: 'begin'; readonly batch: readonly Pending[]; readonly first: FirstEffect<L> }
  | FirstEffect<L>
  /** Find out whether nobody has committed since this version. */
  | { readonly do: 'prove'; readonly version: StateVersion }
  | { readonly do: 'commit'; readonly commit: ToCommit<L> }
  /** It won: what happened is told to everybody whom it concerns but those who asked. `stored`: the ledger, if it is as it is stored. */
  | { readonly do: 'publish'; readonly commit: ToCommit<L>; readonly stored?: L }
  | { readonly do: 'answer'; readonly decided: Decided }
  /** Yield to others: after so many races lost in a row, or for so long, and by chance somewhat longer. */
  | { readonly do: 'rest'; readonly lostInRow: number }
  | { readonly do: 'rest'; readonly yieldMs: number }
  | { readonly do: 'look-up'; readonly search: Search }
  | { readonly do: 'write-last-days'; readonly pending: Pending }
  | { readonly do: 'fail'; readonly pending: Pending; readonly error: unknown }
  /** Nobody wants its answer any more. */
  | { readonly do: 'dismiss'; readonly pending: Pending }
  /** It no longer waits for a slot; it is decided as others are. */
  | { readonly do: 'stop-waiting'; readonly pending: Pending }
  /** `again`: the log knows it already. */
  | { readonly do: 'log-failure'; readonly error: unknown; readonly again: boolean }
  | { readonly do: 'log-recovery' }
  /** Write out what the state, which the ledger stands for, need not keep. */
  | { readonly do: 'write-out'; readonly ledger: L }
  | { readonly do: 'tell-written'; readonly ledger: L }
  /** Wake up when time has something to do; or when the store may answer again. */
  | { readonly do: 'wake-when-due'; readonly ledger: L }
  | { readonly do: 'wake-to-retry' };

type FirstEffect<L> = { readonly do: 'load' } | { readonly do: 'decide'; readonly toDecide: ToDecide<L> };
