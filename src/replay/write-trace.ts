import { MICROS_PER_SECOND, type TraceEntry } from './trace.js';
import { momentText } from './trace-moment.js';

/** One line of JSON, as `readTrace` reads it. */
export function traceLine(entry: TraceEntry, budgetId?: string): string {
  return `${JSON.stringify({ at: momentText(entry.at), ...(budgetId && { budget: budgetId }), ...bodyOf(entry) })}\n`;
}

function bodyOf(entry: TraceEntry): Readonly<Record<string, unknown>> {
  if (entry.kind === 'policy') return { policy: entry.fields };
  const { aiId, model, tokens } = entry;
  const named = { ai: aiId, ...(model !== '' && { model }), ...(tokens !== undefined && { tokens }) };
  if (entry.kind === 'unleased') return { ...named, unleased: true };
  const { estimate, atLeast, took, waitMs, recorded, usedModel } = entry;
  return {
    ...named,
    ...(usedModel !== undefined && { used_model: usedModel }),
    ...(estimate !== undefined && { estimate }),
    ...(atLeast !== undefined && { at_least: atLeast }),
    ...(took > 0 && { seconds: took / MICROS_PER_SECOND }),
    ...(waitMs > 0 && { wait: waitMs / 1_000 }),
    ...(recorded !== undefined && { outcome: recorded }),
  };
}
