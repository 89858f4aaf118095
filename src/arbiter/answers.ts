import type { BudgetEvent } from '../domain/model/events.js';
import { parseLeaseId } from '../domain/model/lease-id.js';
import type { Denied, Outcome } from '../domain/model/outcomes.js';
import type { AcquireRequest, BudgetRequest } from '../domain/model/requests.js';
import type { Denial, LeaseView } from '../domain/model/types.js';
import { aged } from './ageing.js';
import type { LocalKind } from './alert-dispatcher.js';
import type { Context } from './context.js';
import type { DenialMemory } from './denial-memory.js';
import { logDenial, logEvent } from './event-log.js';
import type { Lookups } from './lookups.js';
import type { BudgetObserver } from './observer.js';
import type { Answer, Pending } from './pending.js';
import { ArbiterError } from './service-port.js';
import { SessionLeases } from './session-leases.js';
import { eventOrigins } from './traces.js';
import { type WaitingList, waitLeft } from './waiting-list.js';

/** What answering works with, and where it sends what follows from an answer. */
export interface AnswerParts {
  readonly budgetId: string;
  readonly lookups: Lookups;
  readonly waiters: WaitingList;
  readonly observer: BudgetObserver;
  readonly submit: (pending: Pending) => void;
  /** Whether the budget has granted the AI anything lately. */
  readonly isKnownAi: (aiId: string) => boolean;
  /** The arbiter's own request. */
  readonly ask: (request: BudgetRequest) => void;
}

export interface AnswerListener {
  /** What happened in the commit that made this revision, after it is durable. */
  happened(events: readonly BudgetEvent[], revision: number): void;
}

/** Gives callers their outcomes, once these are durable, and tells everybody else what happened. */
export class Answers {
  private listeners: readonly AnswerListener[] = [];
  readonly sessionLeases: SessionLeases;
  readonly denied: DenialMemory;

  constructor(
    private readonly context: Context,
    private readonly parts: AnswerParts,
  ) {
    this.sessionLeases = new SessionLeases(context, parts.submit);
    this.denied = context.denied.of(parts.budgetId);
  }

  /** Returns how to stop. */
  listen(listener: AnswerListener): () => void {
    this.listeners = [...this.listeners, listener];
    return () => {
      this.listeners = this.listeners.filter((other) => other !== listener);
    };
  }

  /** `ageMs`: how long ago it was decided. */
  give(answer: Answer, ageMs: number): void {
    const { pending, outcome, at = this.context.clock.read().now, timeAloneMs } = answer;
    this.parts.lookups.release(pending);
    if (outcome.kind !== 'denied') this.parts.observer.decided(pending.request, outcome, at);
    if (pending.abandoned) this.takeBack(pending, outcome);
    else if (outcome.kind === 'denied') this.deny(pending, outcome, at, timeAloneMs);
    else {
      this.leave(pending, 'served');
      if (outcome.kind === 'granted') this.wakeDoubles(outcome.lease);
      this.noteObserved(outcome);
      this.mindSession(pending.request, outcome);
      pending.resolve(aged(outcome, ageMs));
    }
  }

  /** Other calls with its request id that wait here have their answer, too: under other content it is that the id is taken. */
  private wakeDoubles({ aiId, requestId }: LeaseView): void {
    const { waiters } = this.parts;
    if (!waiters.waitsFor(aiId, requestId)) return;
    waiters.granted(aiId);
    this.parts.ask({ kind: 'sweep' });
  }

  /** Whoever tries a policy in mode OBSERVE wants to see whom it would refuse, and why. */
  private noteObserved(outcome: Outcome): void {
    if (outcome.kind !== 'granted' || outcome.wouldDeny === undefined) return;
    this.noteDenial(outcome.lease.aiId, outcome.wouldDeny, true);
  }

  private noteDenial(aiId: string, denial: Denial, wouldDeny: boolean): void {
    const { isKnownAi: isKnown } = this.parts;
    this.denied.note(aiId, denial, this.context.clock.read().now, { wouldDeny, isKnown });
  }

  /** Sessions that live on this replica have their leases kept. A stream that ended meanwhile ends for this lease, too. */
  private mindSession(request: Pending['request'], outcome: Outcome): void {
    const { sessionLeases } = this;
    if (outcome.kind === 'granted') {
      const session = request.kind === 'acquire' ? request.session : undefined;
      if (session === undefined) return;
      if (this.context.streams.has(session.stream)) sessionLeases.carry(outcome.lease, session.stream);
      else sessionLeases.break(session.stream);
    } else if (outcome.kind === 'released' && request.kind === 'release') {
      sessionLeases.letGo(request.lease.fence);
    }
  }

  /** `answers`: of the batch that made it happen, in the commit of this revision. */
  announce(events: readonly BudgetEvent[], answers: readonly Answer[], revision: number): void {
    if (events.length === 0) return;
    this.parts.observer.happened(events.filter((event) => this.isToldTo('metric', event)));
    this.logAll(events, answers);
    for (const listener of this.listeners) listener.happened(events, revision);
  }

  private logAll(events: readonly BudgetEvent[], answers: readonly Answer[]): void {
    const { log, tracing } = this.context;
    const { budgetId } = this.parts;
    const origins = tracing && eventOrigins(answers);
    for (const event of events) {
      if (!this.isToldTo('log', event)) continue;
      if (tracing === undefined) logEvent(log, budgetId, event);
      else tracing.within(origins?.(event), () => logEvent(log, budgetId, event));
    }
  }

  /** Of alerts, what a sink of this kind is configured for; everything else is told always. */
  private isToldTo(kind: LocalKind, event: BudgetEvent): boolean {
    const { alerts } = this.context;
    if (event.kind !== 'alert' || alerts === undefined) return true;
    return alerts.isFor(kind, this.parts.budgetId, event.alert.rule);
  }

  private deny(pending: Pending, outcome: Denied, at: number, timeAloneMs = 0): void {
    const { request } = pending;
    const { denial } = outcome;
    const leftMs = waitLeft(pending, this.context.clock.monotonic());
    // Nobody waits for what does not come before the wait is over.
    if (leftMs > 0 && timeAloneMs <= leftMs && !denial.permanent) {
      const refusal = this.wait(pending, denial, at);
      if (refusal !== undefined) this.fail(pending, refusal);
      return;
    }
    this.leave(pending);
    if (request.kind === 'acquire') {
      this.logDenial(pending, request.aiId, denial);
      this.noteDenial(request.aiId, denial, false);
    }
    this.parts.observer.decided(request, outcome, at);
    pending.resolve(outcome);
  }

  private logDenial({ origin }: Pending, aiId: string, denial: Denial): void {
    const { log, tracing } = this.context;
    const write = () => logDenial(log, this.parts.budgetId, aiId, denial);
    if (tracing === undefined) write();
    else tracing.within(origin, write);
  }

  private wait(pending: Pending, denial: Denial, at: number): ArbiterError | undefined {
    const { waiters } = this.parts;
    const { bounds, counts, stopping } = this.context;
    if (!waiters.has(pending)) {
      if (stopping()) return shuttingDown();
      const { aiId } = pending.request as AcquireRequest;
      // Of one AI first: its own flood is its own fault, and shuts nobody else out.
      if (waiters.sizeOf(aiId) >= bounds.waitersPerAi) {
        return waitersFull(`${bounds.waitersPerAi} requests of ${aiId} wait for a slot already`);
      }
      if (waiters.size >= bounds.waitersPerBudget || counts.waiters >= bounds.waiters) {
        return waitersFull('too many requests wait for a slot already');
      }
      counts.waiters += 1;
      this.parts.observer.waits?.(pending.request as AcquireRequest, pending.waitMs, at);
      pending.caller.onGone(() => {
        this.leave(pending);
        pending.cancel();
      });
    }
    waiters.put(pending, denial);
    return undefined;
  }

  /** It no longer waits for a slot. */
  leave(pending: Pending, why: 'served' | 'in vain' = 'in vain'): void {
    const { waiters } = this.parts;
    if (!waiters.has(pending)) return;
    if (why === 'served') waiters.remove(pending);
    else waiters.giveUp(pending, this.context.clock.monotonic());
    this.context.counts.waiters -= 1;
  }

  /** Every way out but an outcome: whatever it holds is let go, so that nothing waits for it for ever. */
  fail(pending: Pending, error: unknown): void {
    this.parts.lookups.release(pending);
    this.leave(pending);
    pending.reject(error);
  }

  /** Nobody wants its answer any more. */
  dismiss(pending: Pending): void {
    this.fail(pending, new ArbiterError('CANCELLED', 'the caller has gone'));
  }

  /** A grant that crossed its caller's going: where nobody can ask for it again, it is undone. */
  private takeBack(pending: Pending, outcome: Outcome): void {
    this.leave(pending);
    pending.cancel();
    const { request } = pending;
    if (outcome.kind !== 'granted' || request.kind !== 'acquire') return;
    const stream = request.session?.stream;
    const lease = parseLeaseId(outcome.lease.leaseId);
    if (lease !== undefined && request.requestIdMade && !outcome.replayed) {
      this.parts.ask({ kind: 'undo-grant', lease, stream });
    } else if (stream !== undefined && !this.context.streams.has(stream)) this.sessionLeases.break(stream);
  }

  /** Requests that waited too long for the store. Their outcome, if they have one yet, is found by repeating them. */
  expire(underWay: readonly Pending[], now: number): void {
    for (const pending of underWay) {
      if (now - pending.arrivedAt <= this.context.bounds.requestMs + pending.waitMs) continue;
      const message = 'the store did not answer in time; repeat with the same ids';
      this.leave(pending);
      pending.reject(new ArbiterError('STORE_UNAVAILABLE', message, 1_000));
    }
  }

  refuseWaiters(): void {
    for (const pending of this.parts.waiters.all()) {
      this.leave(pending);
      pending.reject(shuttingDown());
    }
  }
}

function waitersFull(what: string): ArbiterError {
  return new ArbiterError('QUEUE_FULL', `${what}; ask again without \`wait\``, 1_000);
}

export function shuttingDown(): ArbiterError {
  return new ArbiterError(
    'SHUTTING_DOWN',
    'this replica is shutting down; ask another, or again shortly',
    1_000,
  );
}
