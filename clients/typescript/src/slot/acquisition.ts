import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { rulesOf, SlotDenied } from '../denial/slot-denied.js';
import { ArbiterRefused, ArbiterUnavailable } from '../errors.js';
import type { Denial, Lease } from '../gen/budgetarbiter/v1/budget.js';
import { AcquireSlotRequest } from '../gen/budgetarbiter/v1/budget_service.js';
import { Backoff, durationOf, pause, secondsOf } from '../time.js';
import { type CallFailure, failureOf } from '../transport/call-failure.js';
import type { KeptLease } from '../transport/kept-lease.js';
import type { Acquired, Transport } from '../transport/transport.js';
import { type TokenUsage, tokenCounts, whole } from '../usage/token-usage.js';
import type { WaitLines } from './wait-lines.js';

/** So long at most in one call, which a session cannot cancel. Who asks again with the same id keeps the place. */
const LONGEST_WAIT_MS = 20_000;
/** Where nobody knows how long a refusal lasts, such as that of a pause. */
const LOOK_AGAIN_MS = 5_000;
/** Who lets calls go on without a slot does not want them to wait long for one. */
const FAIL_OPEN_MS = 2_000;

/** A request, with the client's defaults. Times are milliseconds here. */
export interface Wanted {
  readonly budget: string;
  readonly ai: string;
  readonly estimate: number | TokenUsage | undefined;
  readonly atLeast: number | undefined;
  readonly model: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly waitMs: number;
  readonly patienceMs: number;
  readonly fallback: boolean;
  readonly failOpen: boolean;
  readonly signal: AbortSignal | undefined;
}

export interface Granted {
  readonly budget: string;
  readonly requestId: string;
  /** Unset: the service was away, and the call goes on without a slot. */
  readonly lease?: Lease;
  readonly kept?: KeptLease;
  /** Rules that had refused before. */
  readonly deniedRules?: readonly string[];
}

/** What an acquisition needs of its client. */
export interface Asks {
  readonly transport: Transport;
  readonly lines: WaitLines;
  /** Whether other credentials may be accepted now. */
  renewToken(): boolean;
  /** A grant that nobody waits for any more, or that may have been made: it is given back unused. */
  giveBack(granted: Granted & { readonly ai: string }): void;
}

/** Asks until a slot is granted, and comes back no earlier than a denial says; one request id for all tries of a budget. */
export class Acquisition {
  private readonly beganAt = performance.now();
  private readonly backoff = new Backoff(100, 2_000);
  private readonly patienceEnds: AbortSignal;
  private readonly requestId = randomUUID();
  private denial: Denial | undefined;
  private readonly deniedRules = new Set<string>();
  private mayBeGranted = false;

  constructor(
    private readonly wanted: Wanted,
    private readonly asks: Asks,
  ) {
    const patience = AbortSignal.timeout(Math.min(wanted.patienceMs, 2 ** 31 - 1));
    this.patienceEnds = wanted.signal === undefined ? patience : AbortSignal.any([patience, wanted.signal]);
  }

  async run(): Promise<Granted> {
    const granted = await this.untilGranted();
    return { ...granted, deniedRules: [...this.deniedRules] };
  }

  private async untilGranted(): Promise<Granted> {
    const { budget, waitMs } = this.wanted;
    for (;;) {
      const askedAt = performance.now();
      try {
        const slice = Math.min(waitMs, this.leftMs, LONGEST_WAIT_MS);
        const outcome = await this.ask(budget, this.requestId, slice);
        if ('requestId' in outcome) return outcome;
        this.denial = outcome;
        for (const rule of rulesOf(outcome)) this.deniedRules.add(rule);
        const waited = slice > 0 && performance.now() - askedAt >= slice * 0.9;
        const granted = await this.afterDenial(outcome, waited);
        if (granted !== undefined) return granted;
      } catch (error) {
        if (this.wanted.signal?.aborted || error instanceof SlotDenied) throw error;
        const failure = failureOf(error);
        if (await this.maySkip(failure)) return { budget, requestId: this.requestId };
      }
    }
  }

  private get leftMs(): number {
    return Math.max(0, this.wanted.patienceMs - (performance.now() - this.beganAt));
  }

  /** Returns when it is time to ask again. */
  private async afterDenial(denial: Denial, waited: boolean): Promise<Granted | undefined> {
    const { budget, ai, signal } = this.wanted;
    const elsewhere = await this.askFallbacks(denial);
    if (elsewhere !== undefined) return elsewhere;
    const told = denial.retryAfter && secondsOf(denial.retryAfter) * 1_000;
    // Whoever waited in the line for nothing stands there still, if it comes back at once.
    const pauseMs = waited && this.leftMs > 0 ? 0 : (told ?? LOOK_AGAIN_MS);
    if (denial.permanent || pauseMs > this.leftMs || this.leftMs === 0)
      throw new SlotDenied(denial, budget, ai);
    // Somewhat later than told: timers may fire early, and many clients should not come back in step.
    if (pauseMs > 0) await pause(pauseMs + 5 + Math.random() * 100, signal);
    signal?.throwIfAborted();
    return undefined;
  }

  private async askFallbacks(denial: Denial): Promise<Granted | undefined> {
    if (!this.wanted.fallback) return undefined;
    for (const budget of denial.fallbackBudgetIds) {
      try {
        const outcome = await this.ask(budget, randomUUID(), 0);
        if ('requestId' in outcome) return outcome;
      } catch (error) {
        // A fallback that is not there, or not for us, is none.
        if (this.wanted.signal?.aborted || failureOf(error).isPassing) throw error;
      }
    }
    return undefined;
  }

  /** Whether the call goes on without a slot; false: it is time to ask again. */
  private async maySkip(failure: CallFailure): Promise<boolean> {
    const { failOpen, signal } = this.wanted;
    if (!failure.isUnsent) this.mayBeGranted = true;
    const isOld = failure.code === status.UNAUTHENTICATED && this.asks.renewToken();
    if (!failure.isPassing && !isOld)
      throw new ArbiterRefused(failure.message, failure.codeName, failure.reason);
    const passed = performance.now() - this.beganAt;
    if (failOpen && passed >= Math.min(FAIL_OPEN_MS, this.wanted.patienceMs)) return true;
    if (this.leftMs === 0) {
      this.leave();
      throw this.gaveUp(failure);
    }
    const pauseMs = Math.max(this.backoff.next(), failure.retryAfterMs ?? 0);
    const mostMs = failOpen ? Math.max(0, FAIL_OPEN_MS - passed) : this.leftMs;
    await pause(Math.min(pauseMs, mostMs), signal);
    if (signal?.aborted) this.leave();
    signal?.throwIfAborted();
    return false;
  }

  /** A denial that was told says more than that nobody answered in the last moment. */
  private gaveUp(failure: CallFailure): Error {
    const { budget, ai, patienceMs } = this.wanted;
    if (this.denial !== undefined) return new SlotDenied(this.denial, budget, ai);
    const message = `no answer from the budget arbiter within ${patienceMs / 1_000} s: ${failure.message}`;
    return new ArbiterUnavailable(message, failure);
  }

  /** The grant may have been made, its answer lost. */
  private leave(): void {
    const { budget, ai } = this.wanted;
    if (this.mayBeGranted) this.asks.giveBack({ budget, ai, requestId: this.requestId });
  }

  /** Once. Those who wait take a place in the line of their AI first; without one in time they ask without waiting. */
  private async ask(budget: string, requestId: string, waitMs: number): Promise<Granted | Denial> {
    const { ai, signal } = this.wanted;
    signal?.throwIfAborted();
    const leave = waitMs > 0 ? await this.asks.lines.enter(`${budget} ${ai}`, this.patienceEnds) : undefined;
    if (signal?.aborted) leave?.();
    signal?.throwIfAborted();
    const inTime = Math.min(waitMs, this.leftMs);
    const request = this.request(budget, requestId, leave === undefined ? 0 : inTime);
    const asked = this.asks.transport.acquire(request, leave === undefined ? 0 : inTime, signal);
    if (leave !== undefined) void asked.then(leave, leave);
    const { answer, kept } = await this.unlessAborted(asked, { budget, ai, requestId });
    if (answer.outcome?.$case === 'denied') return answer.outcome.value;
    const lease = answer.outcome?.value.lease;
    if (lease === undefined)
      throw new ArbiterRefused('this client is older than the answer it got', 'UNKNOWN', undefined);
    return { budget, requestId, lease, ...(kept && { kept }) };
  }

  /** A session cannot take a call back: what it is granted is given back when the answer comes. */
  private unlessAborted(
    asked: Promise<Acquired>,
    of: { budget: string; ai: string; requestId: string },
  ): Promise<Acquired> {
    const { signal } = this.wanted;
    if (signal === undefined) return asked;
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        reject(signal.reason);
        asked.then(
          ({ answer, kept }) => {
            const lease = answer.outcome?.$case === 'granted' ? answer.outcome.value.lease : undefined;
            if (lease !== undefined) this.asks.giveBack({ ...of, lease, ...(kept && { kept }) });
          },
          () => this.asks.giveBack(of),
        );
      };
      // Before anything else sees the answer: a slot that the caller has must not be given back behind it.
      const heard = (): void => signal.removeEventListener('abort', abort);
      signal.addEventListener('abort', abort, { once: true });
      asked.then(
        (answer) => {
          heard();
          resolve(answer);
        },
        (error) => {
          heard();
          reject(error);
        },
      );
    });
  }

  private request(budgetId: string, requestId: string, waitMs: number): AcquireSlotRequest {
    const { ai: aiId, estimate, atLeast, model, labels } = this.wanted;
    const asked =
      typeof estimate === 'number'
        ? { estimatedTokens: Math.max(1, whole(estimate)) }
        : estimate && { expected: tokenCounts(estimate) };
    return AcquireSlotRequest.fromPartial({
      ...{ budgetId, aiId, requestId, labels },
      ...asked,
      ...(atLeast !== undefined && { atLeastTokens: Math.max(1, whole(atLeast)) }),
      ...(model !== undefined && { model }),
      ...(waitMs > 0 && { wait: durationOf(waitMs) }),
    });
  }
}
