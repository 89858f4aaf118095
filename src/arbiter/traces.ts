import type { BudgetEvent } from '../domain/model/events.js';
import type { Origin } from '../platform/tracing.js';
import type { Context } from './context.js';
import type { Answer, Pending } from './pending.js';

/** A round serves many requests at once: it stands in the trace of one of them, and is linked to all. */
export class RoundSpan {
  private close: ((failure?: unknown) => void) | undefined;

  constructor(private readonly context: Pick<Context, 'tracing'>) {}

  /** What `work` does and starts belongs to it, until its end. It must not throw. */
  begin(budget: string, batch: readonly Pending[], work: () => void): void {
    const { tracing } = this.context;
    if (tracing === undefined) {
      work();
      return;
    }
    const origins = batch.map(({ origin }) => origin);
    const round = () =>
      new Promise<void>((resolve, reject) => {
        this.close = (failure) => (failure === undefined ? resolve() : reject(failure));
        work();
      });
    // What went wrong is told by the queue itself; here it only marks the span.
    tracing.shared('batch', { budget, requests: batch.length }, origins, round).catch(() => {});
  }

  end(failure?: unknown): void {
    this.close?.(failure);
    this.close = undefined;
  }
}

/** By what happened, the request that made it happen. What time did has none. */
export type EventOrigins = (event: BudgetEvent) => Origin | undefined;

/** Log lines of an event belong to the trace of its own request, not to that of the batch. */
export function eventOrigins(answers: readonly Answer[]): EventOrigins {
  const origins = new Map<string, Origin | undefined>();
  for (const { pending, outcome } of answers) {
    const { request, origin } = pending;
    const lease = 'lease' in request ? request.lease.leaseId : undefined;
    switch (request.kind) {
      case 'acquire':
        if (outcome.kind === 'granted') origins.set(`granted ${outcome.lease.leaseId}`, origin);
        break;
      case 'release':
        origins.set(`released ${lease}`, origin);
        if ('overrunTokens' in outcome && outcome.overrunTokens > 0) origins.set(`overrun ${lease}`, origin);
        break;
      case 'record':
        if ('overrunTokens' in outcome && outcome.overrunTokens > 0) origins.set(`overrun ${lease}`, origin);
        break;
      case 'revoke':
        origins.set(`revoked ${lease}`, origin);
        break;
      case 'put-policy':
      case 'pause':
      case 'resume':
        origins.set('changed', origin);
        break;
      default:
    }
  }
  return (event) => origins.get('lease' in event ? `${event.kind} ${event.lease.leaseId}` : event.kind);
}
