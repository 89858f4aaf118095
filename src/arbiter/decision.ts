import type { Pending } from './pending.js';
import type { Decided, Effect, ToCommit } from './queue-events.js';

/** A round that was decided. Nobody hears of it before it is durable, and all that were decided before it are. */
export interface Decision<L> {
  readonly batch: readonly Pending[];
  readonly decided: Decided;
  readonly toClose: number;
  /** Absent: there was nothing to write. */
  readonly commit?: ToCommit<L>;
  /** The state that it was decided on is the newest there was when its requests had come. */
  readonly isCurrent: boolean;
  /** Somebody was denied who waits for a slot. */
  readonly mayBeginToWait: boolean;
  sent: boolean;
  result?: Result;
}

export type Result =
  | { readonly kind: 'won' | 'lost'; readonly looked: boolean }
  | { readonly kind: 'failed'; readonly error: unknown; readonly refused: boolean };

export function send<L>(decision: Decision<L>, commit: ToCommit<L>): Effect<L> {
  decision.sent = true;
  return { do: 'commit', commit };
}

/** What was decided after it is decided again. */
export function didNotCome({ result }: Decision<unknown>): boolean {
  return result !== undefined && result.kind !== 'won';
}

export function mayBeginToWait({ answers }: Decided): boolean {
  return answers.some(({ pending, outcome }) => pending.waitMs > 0 && outcome.kind === 'denied');
}

/** It tells the state what is written: until that is known to be durable, another round would tell it again. */
export function drops({ decided }: Decision<unknown>): boolean {
  return decided.drops !== undefined || decided.marks !== undefined;
}
