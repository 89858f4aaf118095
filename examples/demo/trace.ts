import { readFileSync } from 'node:fs';

/** One LLM request of the trace. */
export interface TracedCall {
  /** Since the start of the trace. */
  readonly atMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Real arrivals and token counts; see `trace/README.md`. */
export function readTrace(): TracedCall[] {
  const text = readFileSync(new URL('trace/code-excerpt.csv', import.meta.url), 'utf8');
  const rows = text.trim().split('\n').slice(1);
  const calls = rows.map((row) => {
    const [moment = '', input, output] = row.split(',');
    return {
      at: Date.parse(`${moment.slice(0, 23).replace(' ', 'T')}Z`),
      input: Number(input),
      output: Number(output),
    };
  });
  const start = calls[0]?.at ?? 0;
  return calls.map(({ at, input, output }) => ({
    atMs: at - start,
    inputTokens: input,
    outputTokens: output,
  }));
}

export const AIS = ['imperium', 'guardian', 'sandbox', 'conquest'] as const;

/** Every fourth call is an AI's own. */
export function callsOf(aiId: string): TracedCall[] {
  const own = AIS.indexOf(aiId as (typeof AIS)[number]);
  return readTrace().filter((_, at) => at % AIS.length === own);
}

export function totalTokens(): number {
  return readTrace().reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0);
}
