import {
  type Attributes,
  type Context,
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';

/**
 * Traces, by the OpenTelemetry API alone. Where no SDK is loaded nobody has one of these, so that the hot path pays nothing;
 * the parts of the service take it as optional.
 */

/** The trace that a request belongs to, as it is handed on to where the request is worked on with others. */
export type Origin = Context;

/** A call from outside, open until `end`. */
export interface CallSpan {
  end(attributes: Attributes, failure?: string): void;
}

export interface Incoming {
  readonly name: string;
  readonly attributes: Attributes;
  /** A header of the call, for `traceparent` and its like. */
  readonly header: (name: string) => string | undefined;
}

export class Tracing {
  private readonly tracer: Tracer;

  constructor(version: string) {
    this.tracer = trace.getTracer('budget-arbiter', version);
  }

  /** Continues the trace that the caller names, or begins one. What `work` calls belongs to it. */
  incoming<T>({ name, attributes, header }: Incoming, work: (span: CallSpan) => T): T {
    const from = propagation.extract(ROOT_CONTEXT, header, {
      get: (read, key) => read(key),
      keys: () => propagation.fields(),
    });
    const span = this.tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, from);
    return context.with(trace.setSpan(from, span), () => work(callSpan(span)));
  }

  /** What is under way here, for later. */
  origin(): Origin {
    return context.active();
  }

  /** Runs what belongs to a request of before; without one, to no trace at all. */
  within<T>(origin: Origin | undefined, work: () => T): T {
    return context.with(origin ?? ROOT_CONTEXT, work);
  }

  /** What serves several requests at once stands in the trace of the first, with links to all others. */
  shared<T>(
    name: string,
    attributes: Attributes,
    origins: readonly (Origin | undefined)[],
    work: () => Promise<T>,
  ): Promise<T> {
    const sampled = origins.filter((origin) => origin !== undefined).filter(isSampled);
    const [first, ...others] = sampled;
    if (first === undefined) return context.with(ROOT_CONTEXT, work);
    const links = others.map(linkTo);
    const span = this.tracer.startSpan(name, { attributes, links }, first);
    return context.with(trace.setSpan(first, span), () => ending(span, work));
  }

  /** A step of what is under way; of nothing that anybody traces, nothing. */
  step<T>(
    name: string,
    attributes: Attributes,
    work: () => Promise<T>,
    kind: SpanKind = SpanKind.INTERNAL,
  ): Promise<T> {
    const active = context.active();
    if (!isSampled(active)) return work();
    const span = this.tracer.startSpan(name, { attributes, kind }, active);
    return context.with(trace.setSpan(active, span), () => ending(span, work));
  }
}

/** What a log line says of the trace that it belongs to. */
export function traceFields(): { readonly trace_id: string; readonly span_id: string } | undefined {
  const active = trace.getActiveSpan()?.spanContext();
  if (active === undefined || !trace.isSpanContextValid(active)) return undefined;
  return { trace_id: active.traceId, span_id: active.spanId };
}

function isSampled(origin: Origin): boolean {
  const { traceFlags = TraceFlags.NONE } = trace.getSpanContext(origin) ?? {};
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}

function linkTo(origin: Origin): Link {
  // Those that were sampled have one.
  return { context: trace.getSpanContext(origin) as Link['context'] };
}

function callSpan(span: Span): CallSpan {
  return {
    end(attributes, failure) {
      span.setAttributes(attributes);
      if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
      span.end();
    },
  };
}

async function ending<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    span.setStatus({ code: SpanStatusCode.ERROR, message });
    throw error;
  } finally {
    span.end();
  }
}
