import type { Span } from '@opentelemetry/api';
import type { Slot } from './slot/slot.js';

type Api = typeof import('@opentelemetry/api');

let api: Api | undefined;
let loading: Promise<void> | undefined;

/** The API of OpenTelemetry, if the program has it. */
function load(): Promise<void> {
  loading ??= import('@opentelemetry/api').then(
    (found) => {
      api = found;
    },
    () => {},
  );
  return loading;
}

/** The span of one slot, from the asking to its end. Without OpenTelemetry, nothing. */
export class SlotSpan {
  private constructor(private readonly span: Span | undefined) {}

  static async begin(budget: string, ai: string, model: string | undefined): Promise<SlotSpan> {
    if (api === undefined) await load();
    const span = api?.trace.getTracer('@budget-arbiter/client').startSpan('budget_arbiter.slot', {
      attributes: {
        'budget_arbiter.budget_id': budget,
        'budget_arbiter.ai_id': ai,
        ...(model !== undefined && { 'gen_ai.request.model': model }),
      },
    });
    return new SlotSpan(span);
  }

  granted({ budget, lease }: Slot): void {
    this.span?.addEvent('granted', {
      'budget_arbiter.budget_id': budget,
      'budget_arbiter.lease_id': lease?.leaseId ?? '',
      'budget_arbiter.leased': lease !== undefined,
    });
  }

  /** Spans that the work opens stand below this one. */
  within<T>(work: () => T): T {
    if (api === undefined || this.span === undefined) return work();
    return api.context.with(api.trace.setSpan(api.context.active(), this.span), work);
  }

  fail(error: unknown): void {
    if (api === undefined) return;
    this.span?.recordException(error instanceof Error ? error : String(error));
    this.span?.setStatus({ code: api.SpanStatusCode.ERROR, message: String(error) });
  }

  end(): void {
    this.span?.end();
  }
}
