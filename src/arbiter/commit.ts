import { finish } from '../domain/finish.js';
import { Ledger } from '../domain/ledger.js';
import type { StatePatch } from '../domain/state.js';
import { pause } from '../platform/scheduler.js';
import { type StateVersion, StoreError } from '../store/store.js';
import { backoffMs } from './backoff.js';
import { type Context, stampOf } from './context.js';

/** A process that is to stop cannot wait for ever. Its callers are told that the outcome is not known. */
const TRIES_WHILE_STOPPING = 8;

/**
 * `won`: this patch is the new state. `lost`: it is not and never will be. `settled`: the answer was found by looking, so
 * others may have committed since.
 */
export interface CommitResult {
  readonly result: 'won' | 'lost';
  readonly settled: boolean;
}

/** What replaces which state. */
export interface Commit {
  readonly expected: StateVersion | undefined;
  readonly patch: StatePatch;
  readonly seq: number;
  /** By the monotonic clock; later it is not sent, but lost. */
  readonly sendBy: number;
}

/** Whether the store has this state, and not a newer one, at a moment after the call. */
export async function isCurrent(context: Context, budgetId: string, known: StateVersion): Promise<boolean> {
  if (context.store.exclusive) return true;
  const { epoch, revision } = (await context.store.version(budgetId)) ?? { epoch: 0, revision: 0 };
  return epoch === known.epoch && revision === known.revision;
}

/** Commits a patch and never leaves the outcome open. Throws a `StoreError` only where it certainly was not applied. */
export function commit(context: Context, budgetId: string, one: Commit): Promise<CommitResult> {
  const work = () => commitOnce(context, budgetId, one);
  if (context.tracing === undefined) return work();
  const { seq, expected } = one;
  return context.tracing.step('commit', { budget: budgetId, seq, revision: expected?.revision ?? 0 }, work);
}

async function commitOnce(context: Context, budgetId: string, one: Commit): Promise<CommitResult> {
  const { expected, patch, seq, sendBy } = one;
  try {
    const result = await context.store.commit(budgetId, expected, patch, sendBy);
    return { result, settled: false };
  } catch (error) {
    if (!(error instanceof StoreError) || error.failure !== 'unknown') throw error;
    context.counts.unknownOutcomes += 1;
    context.observer.budget(budgetId).unknownOutcome();
    context.log.warn(
      { budget: budgetId, seq, reason: error.message },
      'the outcome of a commit is unknown: looking whether it was applied',
    );
    return { result: await settle(context, budgetId, expected, seq), settled: true };
  }
}

/**
 * Own stamp in the state: it was applied. Revision moved on without it: it never will be. Revision unmoved: a commit that
 * changes nothing fences the delayed write off; then look again.
 */
async function settle(
  context: Context,
  budgetId: string,
  expected: StateVersion | undefined,
  seq: number,
): Promise<'won' | 'lost'> {
  let whileStopping = 0;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const state = await context.store.load(budgetId);
      if (state?.sections.writers.get(context.copyId)?.seq === seq) return 'won';
      // A budget that is still absent has nothing to fence off: its creation is repeated with the same content.
      if (state === undefined || state.head.revision !== expected?.revision) return 'lost';
      const ledger = Ledger.of(budgetId, state);
      ledger.touchHead();
      const stamp = stampOf(context, budgetId, context.nextSeq(), true);
      const fence = finish(ledger, stamp, false);
      if (fence !== undefined) await context.store.commit(budgetId, expected, fence);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
    if (context.stopping() && ++whileStopping > TRIES_WHILE_STOPPING) {
      throw new StoreError('unavailable', 'the outcome of a commit is still unknown at shut-down');
    }
    await pause(context.scheduler, backoffMs(context.scheduler, attempt, 1_000));
  }
}
