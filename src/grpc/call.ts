import type { handleUnaryCall, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { ActionName } from '../access/audit-fields.js';
import type { Caller } from '../arbiter/door.js';
import { callFailure } from './call-failure.js';
import { decodeRequest } from './decode.js';
import { type EndCall, observingCalls } from './observed-call.js';
import { tellUnlessDecided } from './refused-action.js';
import type { Entrance, Services, UnaryMethod } from './service.js';
import { OK_CODE } from './status.js';
import { encoded } from './wire.js';

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
    let bytes: Buffer;
    try {
      bytes = encoded(this.method.response, answer);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.end(OK_CODE);
    try {
      this.callback(null, bytes);
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

/** Where every unary call goes on, whichever protocol brought its bytes: decoded, checked, decided. */
export function answerTo<Q, A>(
  method: UnaryMethod<Q, A>,
  bytes: Buffer,
  caller: Caller,
  own: Services,
): Promise<A> {
  if (method.action !== undefined) return answerAction(method.action, method, bytes, caller, own);
  return method.answer(decodeRequest(method, bytes), caller, own);
}

async function answerAction<Q, A>(
  action: ActionName,
  method: UnaryMethod<Q, A>,
  bytes: Buffer,
  caller: Caller,
  own: Services,
): Promise<A> {
  let budgetId: unknown;
  try {
    const request = decodeRequest(method, bytes);
    ({ budgetId } = request as { budgetId?: unknown });
    return await method.answer(request, caller, own);
  } catch (error) {
    tellUnlessDecided(error, action, budgetId, own);
    throw error;
  }
}
