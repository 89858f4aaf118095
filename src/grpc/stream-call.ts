import type { handleServerStreamingCall, ServerWritableStream } from '@grpc/grpc-js';
import { decodeRequest } from '../api/codec/decode.js';
import { type Codec, encoded } from '../api/codec/wire.js';
import { callFailure, type FailureSink } from '../api/failures/call-failure.js';
import { CANCELLED_CODE } from '../api/failures/status.js';
import { type EndCall, observingCalls } from '../api/observed-call.js';
import type { AnswerStream, Entrance, Services, StreamMethod } from '../api/service.js';
import { streamBeneath } from './grpc-js-internals.js';
import { type OpenStreams, onCredentialsEnd } from './open-streams.js';

/** As `unaryCall`, for methods with a stream of answers. */
export function streamCall<Q, A>(
  method: StreamMethod<Q, A>,
  services: Services,
  enter: Entrance,
  open: OpenStreams,
): handleServerStreamingCall<Buffer, Buffer> {
  const observed = observingCalls(method.path, services);
  return (call) =>
    observed(call.metadata, (end) => {
      const stream = new CallStream(call, method.response, method.path, services, end);
      stream.onGone(open.add(streamBeneath(call), (error) => stream.fail(error)));
      startAnswers(method, enter, call, stream).catch((error: unknown) => stream.fail(error));
    });
}

async function startAnswers<Q, A>(
  method: StreamMethod<Q, A>,
  enter: Entrance,
  call: ServerWritableStream<Buffer, Buffer>,
  stream: CallStream<A>,
): Promise<void> {
  const own = await enter(call);
  if (stream.gone) return;
  const request = decodeRequest(method, call.request);
  const purpose = () => method.purpose?.(request);
  stream.onGone(onCredentialsEnd(own, (error) => stream.fail(error), purpose));
  if (!stream.gone) await method.stream(request, stream, own);
}

class CallStream<A> implements AnswerStream<A> {
  private ended = false;
  private readonly goneListeners: (() => void)[] = [];

  constructor(
    private readonly call: ServerWritableStream<Buffer, Buffer>,
    private readonly codec: Codec<A>,
    private readonly path: string,
    private readonly sink: FailureSink,
    private readonly end: EndCall,
  ) {
    call.once('cancelled', () => this.leave(CANCELLED_CODE));
  }

  get gone(): boolean {
    return this.ended || this.call.cancelled;
  }

  onGone(listener: () => void): void {
    if (this.gone) queueMicrotask(listener);
    else this.goneListeners.push(listener);
  }

  /** Never throws: whoever tells the news has other listeners, too. */
  send(answer: A, sent: () => void): void {
    if (this.gone) return;
    try {
      this.call.write(encoded(this.codec, answer), (error?: Error | null) => {
        if (error == null) sent();
      });
    } catch (error) {
      this.fail(error);
    }
  }

  /** Ends the stream with an error, after what was sent before. */
  fail(error: unknown): void {
    if (this.gone) return;
    const failure = callFailure(error, this.path, this.sink);
    this.leave(Number(failure.code));
    this.call.emit('error', failure);
  }

  private leave(code: number): void {
    if (!this.ended) this.end(code);
    this.ended = true;
    for (const listener of this.goneListeners.splice(0)) listener();
  }
}
