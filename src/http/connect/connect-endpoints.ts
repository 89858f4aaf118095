import type { AccessRule } from '../../access/permissions.js';
import { jsonOfBytes } from '../../api/codec/json-of-bytes.js';
import type { Failure } from '../../api/failures/status.js';
import { TransportError } from '../../api/failures/transport-error.js';
import { ArbiterError } from '../../arbiter/service-port.js';
import type { Scheduler } from '../../platform/scheduler.js';
import type { Endpoint, HttpCall } from '../endpoint.js';
import { Content, type HttpResponse } from '../response.js';
import { type Format, readHeaders } from './call-headers.js';
import { connectError, connectJson } from './connect-error.js';
import { HttpCaller, within } from './http-caller.js';
import type { UnaryRpc } from './unary-rpc.js';

/** As over gRPC: the largest legal request is a policy that names 250 AIs and 100 models. */
const MAX_BODY = 64 * 1024;
/**
 * `POST /budgetarbiter.v1.BudgetService/AcquireSlot` and so on: unary calls of the Connect protocol, at most so many at once of
 * these methods together.
 */
export function connectEndpoints(rpcs: readonly UnaryRpc[], most: number, scheduler: Scheduler): Endpoint[] {
  const underWay = new UnderWay(most);
  return rpcs.map((rpc) => ({
    path: rpc.path,
    methods: ['POST'],
    access: rpc.rule,
    cookie: 'calling',
    answer: (call) => rpc.observed(() => answered(rpc, call, scheduler, underWay)),
    failed: (error) => connectError(rpc.failure(error)),
  }));
}

async function answered(
  rpc: UnaryRpc,
  call: HttpCall,
  scheduler: Scheduler,
  underWay: UnderWay,
): Promise<HttpResponse> {
  const { format, timeoutMs } = readHeaders(call.request);
  underWay.begin();
  const caller = new HttpCaller(call.request.socket);
  try {
    return await within(timeoutMs, scheduler, caller, answerOf(rpc, call, format, caller));
  } finally {
    underWay.end();
    caller.answered();
  }
}

async function answerOf(
  rpc: UnaryRpc,
  { body, principal }: HttpCall,
  format: Format,
  caller: HttpCaller,
): Promise<HttpResponse> {
  const sent = await body(MAX_BODY);
  const request = format === 'json' ? rpc.bytesOf(sent, principal) : sent;
  const answer = await rpc.answer(request, principal, caller);
  if (format === 'json') return { status: 200, body: connectJson(jsonOfBytes(rpc.output, answer)) };
  return { status: 200, body: new Content('application/proto', answer) };
}

/** What else is called below a service: methods that stream, and those that there are not. */
export function unservedEndpoint(
  service: string,
  rule: AccessRule,
  rpcs: readonly UnaryRpc[],
  failure: (error: unknown) => Failure,
): Endpoint {
  const names = rpcs.map(({ path }) => path.split('/')[2]);
  const message = `${service} has no unary method of this name, but ${names.join(', ')}. Streams are for gRPC`;
  return {
    path: `/${service}/*`,
    methods: ['POST'],
    access: rule,
    answer: () => {
      throw new TransportError('METHOD', message);
    },
    failed: (error) => connectError(failure(error)),
  };
}

class UnderWay {
  private calls = 0;

  constructor(private readonly most: number) {}

  begin(): void {
    if (this.calls >= this.most) {
      throw new ArbiterError(
        'QUEUE_FULL',
        `${this.most} calls of this service are under way over HTTP, which is the most: repeat the call shortly, or use gRPC`,
      );
    }
    this.calls += 1;
  }

  end(): void {
    this.calls -= 1;
  }
}
