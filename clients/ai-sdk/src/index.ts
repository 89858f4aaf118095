import type { SlotRequest, SlotSource } from '@budget-arbiter/client';
import { type StreamPart, settledBy } from './settled-stream.js';

/** What a middleware has of a call, in whichever version of the AI SDK. */
interface Call {
  readonly params: { readonly abortSignal?: AbortSignal | undefined };
  readonly model: { readonly modelId: string };
}

/** What slots are asked for; the model and the signal are the call's. */
export type BudgetRequest = Omit<SlotRequest, 'signal' | 'model'>;

/** Fits `wrapLanguageModel` of `ai` 6 and 7. */
export interface BudgetMiddleware {
  readonly specificationVersion: 'v3';
  wrapGenerate<Result extends { readonly usage: unknown }>(
    options: Call & { readonly doGenerate: () => PromiseLike<Result> },
  ): Promise<Result>;
  wrapStream<Result extends { readonly stream: ReadableStream<StreamPart> }>(
    options: Call & { readonly doStream: () => PromiseLike<Result> },
  ): Promise<Result>;
}

/**
 * Each call of a model in a slot of its own: every step of `generateText` and `streamText`, every retry.
 *
 * ```ts
 * const model = wrapLanguageModel({
 *   model: anthropic('claude-sonnet-4'),
 *   middleware: budgetMiddleware(BudgetClient.fromEnv(), { ai: 'guardian', estimate: 3_000 }),
 * });
 * ```
 */
export function budgetMiddleware(client: SlotSource, request: BudgetRequest = {}): BudgetMiddleware {
  const acquire = ({ params, model }: Call) =>
    client.acquire({ ...request, model: model.modelId, signal: params.abortSignal });
  return {
    specificationVersion: 'v3',
    async wrapGenerate({ doGenerate, ...call }) {
      const slot = await acquire(call);
      try {
        const result = await doGenerate();
        slot.report(result.usage, { model: call.model.modelId });
        await slot.end();
        return result;
      } catch (error) {
        await slot.end({ kind: 'failed', error });
        throw error;
      }
    },
    async wrapStream({ doStream, ...call }) {
      const slot = await acquire(call);
      try {
        const result = await doStream();
        return { ...result, stream: settledBy(slot, result.stream, call.model.modelId) };
      } catch (error) {
        await slot.end({ kind: 'failed', error });
        throw error;
      }
    },
  };
}
