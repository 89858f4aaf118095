import { monthAt } from '../domain/time/windows.js';
import { MICROS_PER_MS, millisOf, type Trace, type TraceEntry } from './trace.js';

const DAY_MICROS = 86_400_000_000;

/** More demand, or less: every request is for so many times its tokens. What is rounded off goes to the next one. */
export function scaled(trace: Trace, factor: number): Trace {
  return factor === 1 ? trace : enlarged(trace, factor);
}

async function* enlarged(trace: Trace, factor: number): Trace {
  let owed = 0;
  for await (const entry of trace) {
    if (entry.kind === 'policy' || entry.tokens === undefined) {
      yield entry.kind === 'slot' ? { ...entry, ...scaledAsk(entry, factor) } : entry;
      continue;
    }
    owed += entry.tokens * factor;
    const tokens = Math.floor(owed);
    owed -= tokens;
    yield entry.kind === 'slot' ? { ...entry, tokens, ...scaledAsk(entry, factor) } : { ...entry, tokens };
  }
}

function scaledAsk({ estimate, atLeast }: Extract<TraceEntry, { kind: 'slot' }>, factor: number) {
  const times = (tokens: number) => Math.max(1, Math.ceil(tokens * factor));
  return {
    ...(estimate !== undefined && { estimate: times(estimate) }),
    ...(atLeast !== undefined && { atLeast: times(atLeast) }),
  };
}

/** From the first entry to the last, in microseconds. */
export interface TraceSpan {
  readonly first: number;
  readonly last: number;
}

export async function spanOf(trace: Trace): Promise<TraceSpan | undefined> {
  let span: TraceSpan | undefined;
  for await (const { at } of trace) span = { first: span?.first ?? at, last: at };
  return span;
}

/** The same requests over so many days, from the first of their first month on: an hour's trace becomes a month's. */
export async function* stretched(trace: Trace, span: TraceSpan, days: number, zone: string): Trace {
  const start = monthAt(zone, millisOf(span.first)).start * MICROS_PER_MS;
  const factor = (days * DAY_MICROS) / (span.last - span.first + 1);
  for await (const entry of trace)
    yield { ...entry, at: Math.floor(start + (entry.at - span.first) * factor) };
}
