import { readFileSync } from 'node:fs';
import type { Prompt } from './ai-messages.js';

/** The share of the requests that each AI has to make. Not even, as in life. */
const SHARES = { imperium: 35, guardian: 25, sandbox: 20, conquest: 20 } as const;

export type AiId = keyof typeof SHARES;
export const AI_IDS = Object.keys(SHARES) as AiId[];

/** Nobody wants to watch two minutes of silence: between two requests there is at most this much of it. */
const LONGEST_GAP_MS = 10_000;

/** So many a small machine replays without falling behind. */
const MOST_PER_SECOND = 60;

export interface Trace {
  /** In the order of their arrival. */
  readonly prompts: readonly (Prompt & { readonly aiId: AiId })[];
  readonly durationMs: number;
  readonly totalTokens: number;
}

/** Reads the recorded requests and deals them out to the AIs. `trace/README.md` says where they are from. */
export function readTrace(): Trace {
  const text = readFileSync(new URL('trace/code-excerpt.csv', import.meta.url), 'utf8');
  const rows = text.trim().split('\n').slice(1).map(parseRow);
  let atMs = 0;
  const prompts = rows.map(({ time, inputTokens, outputTokens }, index) => {
    atMs += Math.min(LONGEST_GAP_MS, time - (rows[index - 1]?.time ?? time));
    const usageId = `trace-${String(index + 1).padStart(4, '0')}`;
    return { usageId, aiId: dealt(index), atMs, inputTokens, outputTokens };
  });
  return { prompts, durationMs: atMs, totalTokens: totalOf(prompts) };
}

/** The same requests within `seconds`; where these are few, only the first of them. */
export function compressed(trace: Trace, seconds: number): Trace {
  const first = trace.prompts.slice(0, Math.ceil(MOST_PER_SECOND * seconds));
  const factor = (seconds * 1_000) / (first.at(-1)?.atMs ?? 1);
  const prompts = first.map((prompt) => ({ ...prompt, atMs: prompt.atMs * factor }));
  return { prompts, durationMs: seconds * 1_000, totalTokens: totalOf(prompts) };
}

export function totalOf(prompts: readonly Prompt[]): number {
  return prompts.reduce((sum, prompt) => sum + prompt.inputTokens + prompt.outputTokens, 0);
}

function parseRow(row: string): { time: number; inputTokens: number; outputTokens: number } {
  const [moment = '', input, output] = row.split(',');
  // The trace has seven digits of a second, a date of JavaScript has three.
  const time = Date.parse(`${moment.slice(0, 23).replace(' ', 'T')}Z`);
  return { time, inputTokens: Number(input), outputTokens: Number(output) };
}

/** Spread by a step that shares no factor with 100, so that bursts meet every AI in its share, and every run is the same. */
function dealt(index: number): AiId {
  let point = (index * 37) % 100;
  for (const aiId of AI_IDS) {
    point -= SHARES[aiId];
    if (point < 0) return aiId;
  }
  throw new Error('the shares add up to 100');
}
