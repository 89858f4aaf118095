import type { MethodDefinition, Server, UntypedHandleCall } from '@grpc/grpc-js';
import type { AccessRule } from '../access/permissions.js';
import { entrance, requirePrincipal } from '../api/entrance.js';
import type { FailureSink } from '../api/failures/call-failure.js';
import type { Method, Services } from '../api/service.js';
import { unaryCall } from './call.js';
import type { OpenStreams } from './open-streams.js';
import { REFLECTION_SERVICES, reflectionCall } from './reflection/reflection.js';
import { sessionCall } from './session/session-call.js';
import { streamCall } from './stream-call.js';

/**
 * Gives a server the methods of one service, each with who may call it; what is open to all says so. grpc-js passes
 * bytes through: decoding is ours, see `call.ts`.
 */
export function registerService<Name extends string>(
  server: Server,
  methods: Readonly<Record<Name, Method>>,
  rules: Readonly<Record<Name, AccessRule>> | 'open',
  services: Services,
  open: OpenStreams,
): void {
  const definitions: Record<string, MethodDefinition<Buffer, Buffer>> = {};
  const handlers: Record<string, UntypedHandleCall> = {};
  const ruleOf = (name: Name): AccessRule | 'open' => (typeof rules === 'string' ? rules : rules[name]);
  for (const name of Object.keys(methods) as Name[]) {
    const method: Method = methods[name];
    const enter = entrance(services, ruleOf(name), method.path);
    const isSession = 'session' in method;
    definitions[name] = ofBytes(method.path, isSession, isSession || 'stream' in method);
    if (isSession) handlers[name] = sessionCall(services, enter, open);
    else if ('stream' in method) handlers[name] = streamCall(method, services, enter, open);
    else handlers[name] = unaryCall(method, services, enter);
  }
  server.addService(definitions, handlers);
}

export function registerReflection(
  server: Server,
  served: readonly string[],
  sink: FailureSink & Pick<Services, 'access' | 'addresses' | 'scheduler'>,
  open: OpenStreams,
): void {
  for (const service of REFLECTION_SERVICES) {
    const { path, call } = reflectionCall(
      service,
      served,
      sink,
      async (caller) => ({ scheduler: sink.scheduler, ...(await requirePrincipal(sink, caller)) }),
      open,
    );
    const definition = { serverReflectionInfo: ofBytes(path, true, true) };
    server.addService(definition, { serverReflectionInfo: call });
  }
}

function ofBytes(
  path: string,
  requestStream: boolean,
  responseStream: boolean,
): MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}
