import type { handleBidiStreamingCall, ServerDuplexStream } from '@grpc/grpc-js';
import { decodeRequest } from '../../api/codec/decode.js';
import { encoded } from '../../api/codec/wire.js';
import { callFailure, type FailureSink } from '../../api/failures/call-failure.js';
import type { Services } from '../../api/service.js';
import {
  ServerReflectionRequest,
  ServerReflectionResponse,
} from '../../gen/grpc/reflection/v1/reflection.js';
import { onCredentialsEnd } from '../credentials-end.js';
import type { OpenStreams } from '../open-streams.js';
import { reflectionAnswer } from './reflection.js';

type Admitted = Pick<Services, 'validForMs' | 'scheduler'>;

/** A stream of questions, each answered in its turn. The next is read when the answer before it has been taken. */
export function reflectionCall(
  service: string,
  services: readonly string[],
  sink: FailureSink,
  admit: (call: ServerDuplexStream<Buffer, Buffer>) => Promise<Admitted>,
  open: OpenStreams,
): { readonly path: string; readonly call: handleBidiStreamingCall<Buffer, Buffer> } {
  const path = `/${service}/ServerReflectionInfo`;
  const method = { path, request: ServerReflectionRequest };
  const answer = (bytes: Buffer): Buffer =>
    encoded(ServerReflectionResponse, reflectionAnswer(decodeRequest(method, bytes), services));
  const failure = (error: unknown) => callFailure(error, path, sink);
  return { path, call: (call) => answerEach(call, answer, failure, admit(call), open) };
}

function answerEach(
  call: ServerDuplexStream<Buffer, Buffer>,
  answer: (bytes: Buffer) => Buffer,
  failure: (error: unknown) => Error,
  admitted: Promise<Admitted>,
  open: OpenStreams,
): void {
  let ended = false;
  let forget = (): void => {};
  const end = (finish: () => void): void => {
    if (ended) return;
    ended = true;
    remove();
    forget();
    finish();
  };
  const fail = (error: unknown): void => end(() => call.emit('error', failure(error)));
  const remove = open.add((error) => queueMicrotask(() => fail(error)));
  const take = (bytes: Buffer): void => {
    if (ended) return;
    try {
      call.pause();
      call.write(answer(bytes), () => call.resume());
    } catch (error) {
      fail(error);
    }
  };
  call.on('cancelled', () => end(() => {}));
  // Nothing is read, not even that the questions have ended, before it is known who asks.
  admitted.then((own) => {
    if (ended) return;
    forget = onCredentialsEnd(own, fail);
    call.on('data', take);
    call.on('end', () => end(() => call.end()));
  }, fail);
}
