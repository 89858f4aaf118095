import type { MethodDefinition, Server, UntypedHandleCall } from '@grpc/grpc-js';
import { unaryCall } from './call.js';
import type { FailureSink } from './call-failure.js';
import type { OpenStreams } from './open-streams.js';
import { REFLECTION_SERVICES } from './reflection.js';
import { reflectionCall } from './reflection-call.js';
import type { Method, Services } from './service.js';
import { streamCall } from './stream-call.js';

/** Gives a server the methods of one service. grpc-js passes bytes through: decoding is ours, see `call.ts`. */
export function registerService(
  server: Server,
  methods: Readonly<Record<string, Method>>,
  services: Services,
  open: OpenStreams,
): void {
  const definitions: Record<string, MethodDefinition<Buffer, Buffer>> = {};
  const handlers: Record<string, UntypedHandleCall> = {};
  for (const [name, method] of Object.entries(methods)) {
    const streams = 'stream' in method;
    definitions[name] = ofBytes(method.path, false, streams);
    handlers[name] = streams ? streamCall(method, services, open) : unaryCall(method, services);
  }
  server.addService(definitions, handlers);
}

export function registerReflection(
  server: Server,
  served: readonly string[],
  sink: FailureSink,
  open: OpenStreams,
): void {
  for (const service of REFLECTION_SERVICES) {
    const { path, call } = reflectionCall(service, served, sink, open);
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
