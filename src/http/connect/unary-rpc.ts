import type { DescMessage } from '@bufbuild/protobuf';
import { unauthenticated } from '../../access/access-error.js';
import type { AccessRule } from '../../access/permissions.js';
import type { Principal } from '../../access/principal.js';
import { answerTo, tellUnlessDecided } from '../../api/answer-to.js';
import { methodAt } from '../../api/codec/descriptors.js';
import { encoded } from '../../api/codec/wire.js';
import { admission } from '../../api/entrance.js';
import { toldFailure } from '../../api/failures/call-failure.js';
import { endCode, type Failure, OK_CODE } from '../../api/failures/status.js';
import { type MethodObserver, UNOBSERVED_CALLS } from '../../api/observers.js';
import type { Method, Services } from '../../api/service.js';
import type { Caller } from '../../arbiter/service-port.js';
import { bytesOfBody } from './json-message.js';

type Unary = Extract<Method, { readonly answer: unknown }>;

/** A method of the API as HTTP calls it: the same access, checks, handlers and failures as over gRPC. */
export class UnaryRpc {
  readonly path: string;
  private readonly observer: MethodObserver;
  private readonly own: (principal: Principal | undefined) => Services;

  constructor(
    private readonly method: Unary,
    readonly rule: AccessRule,
    private readonly services: Services,
  ) {
    this.path = method.path;
    this.own = openOrAdmitted(services, rule, method.path);
    this.observer = (services.observer ?? UNOBSERVED_CALLS).method(method.path);
  }

  /** Asked for with a call: a service that nobody calls over HTTP needs no descriptors. */
  get input(): DescMessage {
    return methodAt(this.path).input;
  }

  get output(): DescMessage {
    return methodAt(this.path).output;
  }

  /** Tells the observer of gRPC's calls how one over HTTP ended, from the moment that its caller was let in. */
  async observed<T>(work: () => Promise<T>): Promise<T> {
    const begunAt = this.observer.begin();
    try {
      const answer = await work();
      this.observer.end(begunAt, OK_CODE);
      return answer;
    } catch (error) {
      this.observer.end(begunAt, endCode(error));
      throw error;
    }
  }

  /** The bytes of a request that came as JSON. */
  bytesOf(body: Buffer, principal: Principal | undefined): Buffer {
    try {
      return bytesOfBody(this.input, body);
    } catch (error) {
      const { action } = this.method;
      if (action !== undefined) tellUnlessDecided(error, action, budgetIn(body), this.own(principal));
      throw error;
    }
  }

  async answer(request: Buffer, principal: Principal | undefined, caller: Caller): Promise<Buffer> {
    const own = this.own(principal);
    return encoded(this.method.response, await answerTo(this.method, request, caller, own));
  }

  /** How the call ends, told to the log as gRPC's calls are. */
  failure(error: unknown): Failure {
    return toldFailure(error, this.path, this.services);
  }
}

/** Which budget a body names that is no request; undefined if it cannot be told. */
function budgetIn(body: Buffer): unknown {
  try {
    const { budget_id: snake, budgetId = snake } = JSON.parse(body.toString()) as Record<string, unknown>;
    return budgetId;
  } catch {
    return undefined;
  }
}

function openOrAdmitted(services: Services, rule: AccessRule, path: string) {
  const { access } = services;
  if (access === undefined) return () => services;
  const admit = admission(services, access, rule, path);
  return (principal: Principal | undefined): Services => {
    // An endpoint that forgot to ask who calls must not be open for it.
    if (principal === undefined) throw unauthenticated('credentials are needed here');
    return admit(principal);
  };
}

/** The unary methods of one service; one that streams is not called this way. */
export function unaryRpcs<Name extends string>(
  methods: Readonly<Record<Name, Method>>,
  rules: Readonly<Record<Name, AccessRule>>,
  services: Services,
): UnaryRpc[] {
  return (Object.keys(methods) as Name[]).flatMap((name) => {
    const method: Method = methods[name];
    return 'answer' in method ? [new UnaryRpc(method, rules[name], services)] : [];
  });
}
