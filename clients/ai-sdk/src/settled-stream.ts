import type { Slot } from '@budget-arbiter/client';

/** A part of a model's stream: the last says what it cost. */
export interface StreamPart {
  /** `finish` and `error` are those that matter here. */
  readonly type: string;
  /** Of `finish`: what it cost. */
  readonly usage?: unknown;
  /** Of `error`: what went wrong. */
  readonly error?: unknown;
}

/** The same stream, whose end, whichever it is, gives the slot back: before its reader has the last part. */
export function settledBy(
  slot: Slot,
  stream: ReadableStream<StreamPart>,
  model: string,
): ReadableStream<StreamPart> {
  const reader = stream.getReader();
  let failure: unknown;
  const broke = (error: unknown): Promise<void> =>
    // Parts had come, so the model has begun, and nobody knows what it counted.
    slot.end({ kind: 'failed', error: Object.assign(new Error(String(error)), { code: 'ECONNRESET' }) });
  const settle = async (part: StreamPart): Promise<void> => {
    if (part.type === 'error') failure ??= part.error;
    if (part.type !== 'finish') return;
    const isReported = slot.report(part.usage, { model, failed: failure !== undefined });
    if (isReported || failure === undefined) await slot.end();
    else await broke(failure);
  };
  const source: UnderlyingDefaultSource<StreamPart> = {
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          await broke(failure ?? 'the stream ended before it was done');
          controller.close();
          return;
        }
        await settle(value);
        controller.enqueue(value);
      } catch (error) {
        await broke(error);
        controller.error(error);
      }
    },
    async cancel(reason) {
      await slot.end({ kind: 'left' });
      await reader.cancel(reason);
    },
  };
  // Nothing is read ahead: what the reader did not take, it may leave.
  return new ReadableStream(source, { highWaterMark: 0 });
}
