import type { handleUnaryCall, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { Caller } from '../arbiter/door.js';
import { callFailure } from './call-failure.js';
import { decodeRequest } from './decode.js';
import type { Entrance } from './entrance.js';
import { type EndCall, observingCalls } from './observed-call.js';
import type { Codec, Services, UnaryMethod } from './service.js';
import { OK_CODE } from './status.js';

/**
 * A handler as grpc-js calls it. It takes bytes and gives bytes: what grpc-js cannot decode it would answer with INTERNAL,
 * and a handler that throws would leave its client waiting.
 */
export function unaryCall<Q, A>(
  method: UnaryMethod<Q, A>,
  services: Services,
  enter: Entrance,
): handleUnaryCall<Buffer, Buffer> {
  const observed = observingCalls(method.path, services);
  return (call, callback) =>
    observed(call.metadata, (end) => {
      answerCall(method, services, enter, call, callback, end).catch((error: unknown) => {
        services.log.error({ method: method.path, err: error }, 'an answer could not be sent');
      });
    });
}

async function answerCall<Q, A>(
  method: UnaryMethod<Q, A>,
  services: Services,
  enter: Entrance,
  call: ServerUnaryCall<Buffer, Buffer>,
  callback: sendUnaryData<Buffer>,
  end: EndCall,
): Promise<void> {
  let bytes: Buffer;
  try {
    const entered = enter(call);
    const own = entered instanceof Promise ? await entered : entered;
    bytes = encoded(method.response, await answerTo(method, call.request, new UnaryCaller(call), own));
  } catch (error) {
    const failure = callFailure(error, method.path, services);
    end(Number(failure.code));
    callback(failure);
    return;
  }
  end(OK_CODE);
  callback(null, bytes);
}

/** Where every unary call goes on, whichever protocol brought its bytes: decoded, checked, decided. */
export function answerTo<Q, A>(
  method: UnaryMethod<Q, A>,
  bytes: Buffer,
  caller: Caller,
  own: Services,
): Promise<A> {
  return method.answer(decodeRequest(method, bytes), caller, own);
}

/** Without a copy of what the generated encoder has just made. */
export function encoded<A>(codec: Codec<A>, message: A): Buffer {
  const bytes = codec.encode(message).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A caller is gone when it cancelled, its connection broke or its deadline passed: grpc-js says all of them by one event. */
class UnaryCaller implements Caller {
  constructor(private readonly call: ServerUnaryCall<Buffer, Buffer>) {}

  get gone(): boolean {
    return this.call.cancelled;
  }

  onGone(listener: () => void): void {
    if (this.call.cancelled) queueMicrotask(listener);
    else this.call.once('cancelled', listener);
  }
}
