import type { SlotRequest, SlotSource } from '@budget-arbiter/client';
import { type StreamPart, settledBy } from './settled-stream.js';

export type { StreamPart } from './settled-stream.js';

/** What a middleware has of a call, in whichever version of the AI SDK. */
export interface ModelCall {
  /** What the call was made with. */
  readonly params: {
    /** Ends the wait for a slot, too. */
    readonly abortSignal?: AbortSignal | undefined;
  };
  /** The model that is called. */
  readonly model: {
    /** Its name at the vendor. */
    readonly modelId: string;
  };
}

/** What slots are asked for; the model and the signal are the call's. */
export type BudgetRequest = Omit<SlotRequest, 'signal' | 'model'>;

/** Fits `wrapLanguageModel` of `ai` 6 and 7. */
export interface BudgetMiddleware {
  /** Of the AI SDK's middleware. */
  readonly specificationVersion: 'v3';
  /** A call whose answer comes whole. */
  wrapGenerate<
    Result extends {
      /** What it cost. */
      readonly usage: unknown;
    },
  >(options: ModelCall & { readonly doGenerate: () => PromiseLike<Result> }): Promise<Result>;
  /** A call whose answer is a stream. */
  wrapStream<
    Result extends {
      /** Its parts, which end with what it cost. */
      readonly stream: ReadableStream<StreamPart>;
    },
  >(options: ModelCall & { readonly doStream: () => PromiseLike<Result> }): Promise<Result>;
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
  const acquire = ({ params, model }: ModelCall) =>
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
