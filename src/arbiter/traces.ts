import type { BudgetEvent } from '../domain/model/events.js';
import type { Origin } from '../platform/tracing.js';
import type { Context } from './context.js';
import type { Answer, Pending } from './pending.js';

/** A round serves many requests at once: it stands in the trace of one of them, and is linked to all. */
export function inBatchSpan(
  { tracing }: Context,
  budget: string,
  batch: readonly Pending[],
  work: () => Promise<void>,
): Promise<void> {
  if (tracing === undefined) return work();
  const origins = batch.map(({ origin }) => origin);
  return tracing.shared('batch', { budget, requests: batch.length }, origins, work);
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
