import type { Slot } from '../slot/slot.js';
import type { TokenUsage } from '../usage/token-usage.js';
import { isSentTo, type SdkRequest } from './endpoints.js';
import { observedBody } from './observed-body.js';
import { parsed, type SseEvent, SseEvents } from './sse-events.js';
import { StreamUsage, saysOnlyUsage } from './stream-usage.js';

/** Events of a stream that broke or was left, to what they probably cost. */
export type EstimateStreamed = (events: readonly unknown[]) => TokenUsage | undefined;

export interface GuardedCallParts {
  readonly slot: Slot;
  readonly request: SdkRequest;
  /** The event with the usage is not for the caller. */
  readonly hidesUsage: boolean;
  readonly estimateStreamed: EstimateStreamed | undefined;
}

/** One try of a vendor's SDK to send one request, in a slot of its own, which ends with the answer's last byte. */
export class GuardedCall {
  private isSent = false;

  constructor(private readonly parts: GuardedCallParts) {}

  /** Whether this is what the slot is for. */
  takes(url: string): boolean {
    return !this.isSent && isSentTo(url, this.parts.request);
  }

  async send(fetch: () => Promise<Response>): Promise<Response> {
    const { slot } = this.parts;
    this.isSent = true;
    let response: Response;
    try {
      response = await fetch();
    } catch (error) {
      await slot.end({ kind: 'failed', error });
      throw error;
    }
    if (!response.ok) {
      const error = Object.assign(new Error(`the vendor answered ${response.status}`), {
        status: response.status,
      });
      await slot.end({ kind: 'failed', error });
      return response;
    }
    return this.observed(response);
  }

  /** The SDK is through with it, and never sent it. */
  async unlessSent(error: unknown): Promise<void> {
    if (this.isSent) return;
    this.parts.slot.unused();
    await this.parts.slot.end(
      error === undefined ? { kind: 'done' } : { kind: 'failed', error: neverSent(error) },
    );
  }

  /** The SDKs stop reading on their caller's signal as they do when their caller stops reading. */
  private cancelledBy(): unknown {
    const { signal } = this.parts.request;
    return signal?.aborted ? signal.reason : undefined;
  }

  private async observed(response: Response): Promise<Response> {
    const type = response.headers.get('content-type') ?? '';
    // A `fetch` that is not that of the platform may have a body of another kind, which nobody can look into.
    if (!(response.body instanceof ReadableStream)) {
      await this.parts.slot.end();
      return response;
    }
    const isStream = /^text\/event-stream/i.test(type);
    return observedBody(response, isStream ? this.eventsObserver() : this.wholeObserver(/json/i.test(type)));
  }

  private wholeObserver(isJson: boolean) {
    const { slot } = this.parts;
    const chunks: Uint8Array[] = [];
    return {
      take: (chunk: Uint8Array) => {
        if (isJson) chunks.push(chunk);
        return [chunk];
      },
      end: async () => {
        if (isJson) slot.report(parsed(Buffer.concat(chunks).toString()));
        await slot.end();
        return [];
      },
      broke: (error: unknown) => slot.end({ kind: 'failed', error: onTheWay(error) }),
      left: () => {
        const error = this.cancelledBy();
        return slot.end(error === undefined ? { kind: 'left' } : { kind: 'failed', error: onTheWay(error) });
      },
    };
  }

  private eventsObserver() {
    const { slot, hidesUsage, estimateStreamed } = this.parts;
    const events = new SseEvents();
    const usage = new StreamUsage();
    const seen: unknown[] = [];
    let isSettled = false;
    const take = (event: SseEvent): void => {
      usage.take(event);
      if (estimateStreamed !== undefined && event.json !== undefined) seen.push(event.json);
    };
    const settle = async (error?: unknown, isLeft = false): Promise<void> => {
      if (isSettled) return;
      isSettled = true;
      const { said, model, isFinal, isDone, failure } = usage;
      const failed = (error ?? failure) !== undefined && !isFinal;
      const known = isFinal ? said : isDone && !failed ? undefined : estimateStreamed?.(seen);
      if (known !== undefined) slot.report(known, { model, failed });
      if (isDone || isFinal) await slot.end();
      else if (isLeft && !failed) await slot.end({ kind: 'left', said });
      else await slot.end({ kind: 'failed', error: onTheWay(failure ?? error), said });
    };
    const passed = (chunk: Uint8Array | undefined, found: readonly SseEvent[]): Uint8Array[] => {
      if (!hidesUsage) return chunk === undefined ? [] : [chunk];
      const text = found.filter((event) => !saysOnlyUsage(event)).map((event) => event.text);
      return text.length === 0 ? [] : [Buffer.from(text.join(''))];
    };
    return {
      take: async (chunk: Uint8Array) => {
        const found = events.take(chunk);
        for (const event of found) take(event);
        // Before the caller has its last event.
        if (usage.isDone) await settle();
        return passed(chunk, found);
      },
      end: async () => {
        const found = events.last();
        for (const event of found) take(event);
        await settle(new Error('the stream ended before it was done'));
        return passed(undefined, found);
      },
      broke: (error: unknown) => settle(error),
      left: () => settle(this.cancelledBy(), true),
    };
  }
}

/** Whatever the error is: bytes had come, so the vendor has begun, and nobody knows what it counted. */
function onTheWay(cause: unknown): Error {
  return Object.assign(new Error(`the answer broke: ${String(cause)}`, { cause }), { code: 'ECONNRESET' });
}

/** Nothing was asked of the vendor. */
function neverSent(cause: unknown): Error {
  return Object.assign(new Error(`never sent: ${String(cause)}`), { code: 'ECONNREFUSED' });
}
