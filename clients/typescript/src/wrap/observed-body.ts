import type { UnderlyingSource } from 'node:stream/web';

/** Sees the bytes of an answer go by. What it returns is passed on in their place. */
export interface BodyObserver {
  take(chunk: Uint8Array): Promise<readonly Uint8Array[]> | readonly Uint8Array[];
  /** The last of it. */
  end(): Promise<readonly Uint8Array[]>;
  broke(error: unknown): Promise<void>;
  /** Nobody reads on. */
  left(): Promise<void>;
}

interface Held {
  readonly observer: BodyObserver;
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
}

/** An answer that nobody reads to its end, and nobody holds any more, is left, too. */
const forgotten = new FinalizationRegistry<Held>(({ observer, reader }) => {
  void observer.left();
  void reader.cancel().catch(() => {});
});

/** The same answer, whose body the observer sees. */
export function observedBody(response: Response, observer: BodyObserver): Response {
  const reader: Held['reader'] | undefined = response.body?.getReader();
  if (reader === undefined) return response;
  const held = { observer, reader };
  // Nothing is read ahead: what the caller did not take, it may leave.
  const body = new ReadableStream<Uint8Array>(sourceOf(held), { highWaterMark: 0 });
  const { status, statusText, headers, url } = response;
  const observed = new Response(body, { status, statusText, headers });
  Object.defineProperty(observed, 'url', { value: url });
  forgotten.register(body, held, held);
  return observed;
}

function sourceOf(held: Held): UnderlyingSource<Uint8Array> {
  const { observer, reader } = held;
  return {
    async pull(controller) {
      try {
        for (let passed = 0; passed === 0; ) {
          const { done, value } = await reader.read();
          const chunks = done ? await observer.end() : await observer.take(value);
          for (const chunk of chunks) controller.enqueue(chunk);
          passed = chunks.length;
          if (!done) continue;
          forgotten.unregister(held);
          controller.close();
          return;
        }
      } catch (error) {
        forgotten.unregister(held);
        await observer.broke(error);
        controller.error(error);
      }
    },
    async cancel(reason) {
      forgotten.unregister(held);
      await observer.left();
      await reader.cancel(reason);
    },
  };
}
