import { finish } from '../domain/finish.js';
import { Ledger } from '../domain/ledger/ledger.js';
import type { StatePatch, StoredState } from '../domain/model/state.js';
import { pause } from '../platform/scheduler.js';
import { compareVersions, type StateVersion, StoreError } from '../store/store.js';
import { backoffMs } from './backoff.js';
import { type Context, stampOf } from './context.js';

/** A process that is to stop cannot wait for ever. Its callers are told that the outcome is not known. */
const TRIES_WHILE_STOPPING = 8;

/**
 * `won`: this patch is the new state. `lost`: it is not and never will be. `looked`: the answer was found by looking, so
 * others may have committed since.
 */
export interface CommitResult {
  readonly result: 'won' | 'lost';
  readonly looked: boolean;
}

/** What replaces which state. */
export interface Commit {
  readonly expected: StateVersion | undefined;
  readonly patch: StatePatch;
  readonly seq: number;
  /** By the monotonic clock; later it is not sent, but lost. */
  readonly sendBy: number;
}

/** Commits of one budget by this replica that were sent and not answered. */
export class CommitsUnderWay {
  private readonly calls = new Set<Promise<unknown>>();
  private lastSeq = 0;

  /** `doubt`: nothing more is to be sent before an unknown outcome is found out. */
  constructor(private readonly doubt: () => void) {}

  sent<T>(seq: number, call: Promise<T>): Promise<T> {
    this.lastSeq = seq;
    const over = () => this.calls.delete(call);
    this.calls.add(call);
    call.then(over, over);
    return call;
  }

  /**
   * When all that were sent are answered: the number of the last. One that was sent after another can only have won if that one had,
   * so a stamp from this up to the last says the same as its own.
   */
  async drained(): Promise<number> {
    this.doubt();
    while (this.calls.size > 0) await Promise.allSettled(this.calls);
    return this.lastSeq;
  }
}

/** Commits a patch and never leaves the outcome open. Throws a `StoreError` only where it certainly was not applied. */
export function commit(
  context: Context,
  budgetId: string,
  one: Commit,
  underWay: CommitsUnderWay,
): Promise<CommitResult> {
  const work = () => commitOnce(context, budgetId, one, underWay);
  if (context.tracing === undefined) return work();
  const { seq, expected } = one;
  return context.tracing.step('commit', { budget: budgetId, seq, revision: expected?.revision ?? 0 }, work);
}

async function commitOnce(
  context: Context,
  budgetId: string,
  one: Commit,
  underWay: CommitsUnderWay,
): Promise<CommitResult> {
  const { expected, patch, seq, sendBy } = one;
  try {
    const result = await underWay.sent(seq, context.store.commit(budgetId, expected, patch, sendBy));
    return { result, looked: false };
  } catch (error) {
    if (!(error instanceof StoreError) || error.failure !== 'unknown') throw error;
    context.counts.unknownOutcomes += 1;
    context.observer.budget(budgetId).unknownOutcome();
    context.log.warn(
      { budget: budgetId, seq, reason: error.message },
      'the outcome of a commit is unknown: looking whether it was applied',
    );
    const stamps = { own: seq, last: await underWay.drained() };
    const result = await lookWhetherApplied(context, budgetId, expected, stamps, error.likelyRefused);
    // The same again would be answered the same, for ever.
    if (result === 'lost' && error.likelyRefused) {
      throw new StoreError('refused', error.message, { cause: error });
    }
    return { result, looked: true };
  }
}

/**
 * Own stamp in the state, or that of one that was sent on it: it was applied. A later version without it: it never will be. The version as it was: a commit that
 * changes nothing fences the delayed write off. An older version says nothing: it passes. A write that was answered with an
 * error is not delayed: where the fence is answered with one, too, there is nothing to wait for.
 */
async function lookWhetherApplied(
  context: Context,
  budgetId: string,
  expected: StateVersion | undefined,
  stamps: { readonly own: number; readonly last: number },
  answered: boolean,
): Promise<'won' | 'lost'> {
  let whileStopping = 0;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const state = await context.store.load(budgetId, expected === undefined ? 'current' : 'recent');
      const found = state?.sections.writers.get(context.copyId)?.seq ?? 0;
      if (found >= stamps.own && found <= stamps.last) return 'won';
      // A budget that is still absent has nothing to fence off: its creation is repeated with the same content.
      if (expected === undefined) return 'lost';
      const moved = state === undefined ? -1 : compareVersions(state.head, expected);
      if (moved > 0) return 'lost';
      if (state !== undefined && moved === 0 && (await isFencedOff(context, budgetId, expected, state)))
        return 'lost';
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (answered && (error.failure === 'refused' || error.likelyRefused)) return 'lost';
    }
    if (context.stopping() && ++whileStopping > TRIES_WHILE_STOPPING) {
      throw new StoreError('unavailable', 'the outcome of a commit is still unknown at shut-down');
    }
    await pause(context.scheduler, backoffMs(context.scheduler, attempt, 1_000));
  }
}

/** By a commit that changes nothing. Where it loses, another has won, perhaps the one that it was to fence off. */
async function isFencedOff(
  context: Context,
  budgetId: string,
  expected: StateVersion,
  state: StoredState,
): Promise<boolean> {
  const ledger = Ledger.of(budgetId, state);
  ledger.touchHead();
  const fence = finish(ledger, stampOf(context, budgetId, context.nextSeq(), true), false);
  return fence !== undefined && (await context.store.commit(budgetId, expected, fence)) === 'won';
}
