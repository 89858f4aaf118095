import { z } from 'zod';
import type { UsageDay } from '../domain/model/state.js';
import { REST } from '../domain/model/types.js';
import { isDay } from '../domain/time/calendar.js';
import { TraceError } from './read-trace.js';
import { type AskedSlot, MICROS_PER_MS, type Trace } from './trace.js';

/** Of usage documents: a day's hours, and who used them. */
export type UsedDay = Pick<UsageDay, 'day' | 'hours' | 'ais' | 'models' | 'calls'>;

export interface UsageTraceOptions {
  /** How large a request is on a day that does not say how many there were. */
  readonly meanTokens: number;
  /** No hour has more requests: they are larger instead. */
  readonly mostPerHour: number;
}

const TOKENS = z.int().min(0);
const USED_DAY = z.object({
  day: z.string().refine(isDay),
  hours: z.array(z.object({ start: z.int(), tokens: TOKENS })),
  ais: z.record(z.string(), TOKENS),
  models: z.record(z.string(), TOKENS),
  calls: z.int().min(0).default(0),
});

/** A day with usage as one line of JSON, which `parseUsedDays` reads. */
export function usedDayLine({ day, hours, ais, models, calls = 0 }: UsedDay): string {
  const named = { ais: Object.fromEntries(ais), models: Object.fromEntries(models) };
  return `${JSON.stringify({ day, hours, ...named, ...(calls > 0 && { calls }) })}\n`;
}

/** Throws a `TraceError` where a line is none of `usedDayLine`. */
export function parseUsedDays(file: string, text: string): UsedDay[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const days = lines.map((line, at) => usedDayOf(line, `${file}:${at + 1}`));
  return days.sort((a, b) => (a.day < b.day ? -1 : 1));
}

function usedDayOf(line: string, place: string): UsedDay {
  const found = USED_DAY.safeParse(jsonOf(line));
  if (!found.success)
    throw new TraceError(`${place}: it is no day with usage as \`budget-arbiter export\` writes it`);
  const { day, hours, ais, models, calls } = found.data;
  return { day, hours, calls, ais: new Map(Object.entries(ais)), models: new Map(Object.entries(models)) };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const HOUR_MICROS = 3_600_000_000;
/** Whoever uses less than these of a day is asked for together. */
const MOST_NAMES = 50;

/**
 * What usage documents tell, as requests: those of an hour are of their mean size, evenly over the hour, and of the AIs and models
 * of their day in turn, by what each used of it.
 */
export async function* usageTrace(days: Iterable<UsedDay>, options: UsageTraceOptions): Trace {
  for (const day of days) yield* requestsOf(day, options);
}

function* requestsOf(day: UsedDay, options: UsageTraceOptions): Iterable<AskedSlot> {
  const { hours, ais, models, calls = 0 } = day;
  const total = hours.reduce((sum, { tokens }) => sum + tokens, 0);
  const meanTokens = calls > 0 ? total / calls : options.meanTokens;
  const [aiTurns, modelTurns] = [new Turns(ais), new Turns(models)];
  for (const { start, tokens } of [...hours].sort((a, b) => a.start - b.start)) {
    if (tokens <= 0) continue;
    const wanted = Math.round(tokens / Math.max(1, meanTokens));
    const requests = Math.min(tokens, options.mostPerHour, Math.max(1, wanted));
    for (let nth = 0; nth < requests; nth += 1) {
      const size = Math.floor((tokens * (nth + 1)) / requests) - Math.floor((tokens * nth) / requests);
      const at = start * MICROS_PER_MS + Math.floor((HOUR_MICROS * nth) / requests);
      const model = modelTurns.next(size);
      const asked = { tokens: size, estimate: size, took: 0, waitMs: 0 };
      yield { kind: 'slot', at, aiId: aiTurns.next(size), model: model === REST ? '' : model, ...asked };
    }
  }
}

/** Names in turn, each for its share of the tokens: next is whoever is furthest behind it. */
class Turns {
  private readonly names: { readonly name: string; readonly share: number; owed: number }[];

  constructor(shares: ReadonlyMap<string, number>) {
    const used = [...shares].filter(([, tokens]) => tokens > 0).sort(([, a], [, b]) => b - a);
    const rest = used.slice(MOST_NAMES).reduce((sum, [, tokens]) => sum + tokens, 0);
    const named = rest > 0 ? [...used.slice(0, MOST_NAMES), [REST, rest] as const] : used;
    const total = named.reduce((sum, [, tokens]) => sum + tokens, 0);
    this.names = named.map(([name, tokens]) => ({ name, share: tokens / total, owed: 0 }));
  }

  next(tokens: number): string {
    let furthest = this.names[0];
    for (const name of this.names) {
      name.owed += name.share * tokens;
      if (furthest === undefined || name.owed > furthest.owed) furthest = name;
    }
    if (furthest === undefined) return REST;
    furthest.owed -= tokens;
    return furthest.name;
  }
}
