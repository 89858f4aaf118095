import type { handleUnaryCall, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { answerTo } from '../api/answer-to.js';
import { encodedFrame } from '../api/codec/wire.js';
import { callFailure } from '../api/failures/call-failure.js';
import { OK_CODE } from '../api/failures/status.js';
import { type EndCall, observingCalls } from '../api/observed-call.js';
import type { Entrance, Services, UnaryMethod } from '../api/service.js';
import type { Caller } from '../arbiter/service-port.js';
import { sendAnswer } from './unary-answer.js';

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
    observed(call.metadata, (end) => new AnsweredCall(method, services, call, callback, end).begin(enter));
}

/**
 * One call until it is answered. It is called back and does not await: every layer that awaits costs each call a promise and a
 * turn of its own. Its caller is gone when it cancelled, its connection broke or its deadline passed: grpc-js says all of them
 * by one event.
 */
class AnsweredCall<Q, A> implements Caller {
  constructor(
    private readonly method: UnaryMethod<Q, A>,
    private readonly services: Services,
    private readonly call: ServerUnaryCall<Buffer, Buffer>,
    private readonly callback: sendUnaryData<Buffer>,
    private readonly end: EndCall,
  ) {}

  begin(enter: Entrance): void {
    try {
      const entered = enter(this.call);
      if (entered instanceof Promise) entered.then((own) => this.answer(own)).catch(this.fail);
      else this.answer(entered);
    } catch (error) {
      this.fail(error);
    }
  }

  private answer(own: Services): void {
    answerTo(this.method, this.call.request, this, own).then(this.give, this.fail);
  }

  private readonly give = (answer: A): void => {
    let frame: Buffer;
    try {
      frame = encodedFrame(this.method.response, answer);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.end(OK_CODE);
    try {
      sendAnswer(this.call, frame);
    } catch (error) {
      this.unsent(error);
    }
  };

  private readonly fail = (error: unknown): void => {
    try {
      const failure = callFailure(error, this.method.path, this.services);
      this.end(Number(failure.code));
      this.callback(failure);
    } catch (unforeseen) {
      this.unsent(unforeseen);
    }
  };

  private unsent(error: unknown): void {
    this.services.log.error({ method: this.method.path, err: error }, 'an answer could not be sent');
  }

  get gone(): boolean {
    return this.call.cancelled;
  }

  onGone(listener: () => void): void {
    if (this.call.cancelled) queueMicrotask(listener);
    else this.call.once('cancelled', listener);
  }
}
