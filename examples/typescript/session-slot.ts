import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { acquireBy, type SlotRequest } from './acquire.js';
import type { Lease } from './gen/budgetarbiter/v1/budget.js';
import { RecordUsageRequest, ReleaseRequest } from './gen/budgetarbiter/v1/budget_service.js';
import { type Answer, type Call, CallFailed, type Session } from './session.js';
import { type Settled, type Spent, withId } from './slot.js';

/** The policy's `session_grace`: a session that has not come back by then has lost its slots. */
const GRACE_MS = 10_000;
/** How long a call is repeated while the service cannot answer it. */
const PATIENCE_MS = 60_000;

type ValueOf<C extends Answer['$case']> = Extract<Answer, { $case: C }>['value'];

/** Runs `work` while holding a slot of the session: acquires it and gives it back whatever happens. No heartbeat is needed. */
export async function withSessionSlot<Result>(
  session: Session,
  request: SlotRequest,
  work: (slot: SessionSlot) => Promise<Result>,
): Promise<Settled<Result>> {
  const { lease, deniedRules } = await acquireBy(
    (value) => ask(session, 'acquired', { $case: 'acquire', value }),
    request,
  );
  const slot = new SessionSlot(session, lease);
  try {
    const result = await work(slot);
    return { result, lease, usedTokens: await slot.release(), deniedRules };
  } finally {
    await slot.release();
  }
}

/** A slot that is held in a session. */
export class SessionSlot {
  /** A last report: booked together with the release, which saves a call. */
  finalUsage: Spent | undefined;
  readonly #lost = new AbortController();
  #released: Promise<number> | undefined;
  #grace: NodeJS.Timeout | undefined;

  constructor(
    private readonly session: Session,
    readonly lease: Lease,
  ) {
    session.onBreak.add(this.#break);
    session.onLeases.add(this.#leases);
  }

  /** Aborted when the lease is lost. Stop then: the slot may be another's already. Pass it on to `fetch`. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Books what one call spent, at once. Returns the tokens charged. */
  async record(spent: Spent): Promise<number> {
    const subject = { $case: 'leaseId', value: this.lease.leaseId } as const;
    const value = RecordUsageRequest.fromPartial({ subject, usage: withId(spent) });
    return (await ask(this.session, 'recorded', { $case: 'record', value })).chargedTokens;
  }

  /** Gives the slot back, once. Returns the tokens charged to the lease in all. */
  release(): Promise<number> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #release(): Promise<number> {
    this.session.onBreak.delete(this.#break);
    this.session.onLeases.delete(this.#leases);
    clearTimeout(this.#grace);
    const usage = this.finalUsage && withId(this.finalUsage);
    const value = ReleaseRequest.fromPartial({ leaseId: this.lease.leaseId, usage });
    try {
      return (await ask(this.session, 'released', { $case: 'release', value })).usedTokens;
    } catch (error) {
      // Ended long ago, and nothing to report: there is nothing left to give back.
      if (usage || !failedWith(error, status.FAILED_PRECONDITION, status.NOT_FOUND)) throw error;
      return this.lease.usedTokens;
    }
  }

  #break = (): void => {
    this.#grace ??= setTimeout(() => this.#lose('the session did not come back in time'), GRACE_MS);
  };

  #leases = (leases: readonly Lease[]): void => {
    clearTimeout(this.#grace);
    this.#grace = undefined;
    const kept = leases.some(({ leaseId }) => leaseId === this.lease.leaseId);
    if (!kept) this.#lose('the lease ended before the session came back');
  };

  #lose(why: string): void {
    this.#lost.abort(new Error(why));
  }
}

/** Repeats a call, with the same ids, while the service says that it cannot answer it now. */
async function ask<C extends Answer['$case']>(session: Session, $case: C, call: Call): Promise<ValueOf<C>> {
  const giveUpAtMs = performance.now() + PATIENCE_MS;
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 3_000)) {
    try {
      const answer = await session.call(call);
      if (answer.$case !== $case) throw new Error('this client is older than the answer it got');
      return answer.value as ValueOf<C>;
    } catch (error) {
      if (!failedWith(error, status.UNAVAILABLE) || performance.now() + pauseMs > giveUpAtMs) throw error;
      await sleep(pauseMs * (0.5 + Math.random() / 2));
    }
  }
}

function failedWith(error: unknown, ...codes: status[]): boolean {
  return error instanceof CallFailed && codes.includes(error.status.code);
}
