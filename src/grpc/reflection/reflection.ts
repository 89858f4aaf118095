import type { DescFile } from '@bufbuild/protobuf';
import type { handleBidiStreamingCall, ServerDuplexStream } from '@grpc/grpc-js';
import { decodeRequest } from '../../api/codec/decode.js';
import { descriptors, fileOfSymbol, fileWithDependencies } from '../../api/codec/descriptors.js';
import { encoded } from '../../api/codec/wire.js';
import { callFailure, type FailureSink } from '../../api/failures/call-failure.js';
import { INVALID_ARGUMENT_CODE, NOT_FOUND_CODE } from '../../api/failures/status.js';
import type { Services } from '../../api/service.js';
import {
  ServerReflectionRequest,
  ServerReflectionResponse,
} from '../../gen/grpc/reflection/v1/reflection.js';
import { streamBeneath } from '../grpc-js-internals.js';
import { type OpenStreams, onCredentialsEnd } from '../open-streams.js';

/**
 * Server reflection is ours, since @grpc/reflection (1.0.4) serves a file without those that it depends on, and grpcurl fails.
 * The wire form is the same under both names.
 */
export const REFLECTION_SERVICES = [
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
];

type Admitted = Pick<Services, 'validForMs' | 'standing' | 'scheduler'>;

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
  const remove = open.add(streamBeneath(call), (error) => queueMicrotask(() => fail(error)));
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

type Content = ServerReflectionResponse['messageResponse'];

/** One answer of server reflection. A file comes with all that it depends on, without which clients cannot read it. */
function reflectionAnswer(
  request: ServerReflectionRequest,
  services: readonly string[],
): ServerReflectionResponse {
  return {
    validHost: request.host,
    originalRequest: ServerReflectionRequest.fromPartial(request),
    messageResponse: contentOf(request.messageRequest, services),
  };
}

function contentOf(asked: ServerReflectionRequest['messageRequest'], services: readonly string[]): Content {
  switch (asked?.$case) {
    case 'listServices': {
      const service = services.map((name) => ({ name }));
      return { $case: 'listServicesResponse', value: { service } };
    }
    case 'fileByFilename':
      return files(fileNamed(asked.value), `file ${quoted(asked.value)}`);
    case 'fileContainingSymbol':
      return files(fileOfSymbol(asked.value), `symbol ${quoted(asked.value)}`);
    case 'fileContainingExtension':
      return noSuch(`extension ${asked.value.extensionNumber} of ${quoted(asked.value.containingType)}`);
    case 'allExtensionNumbersOfType':
      return noExtensions(asked.value);
    default:
      return error(INVALID_ARGUMENT_CODE, 'the request asks for nothing');
  }
}

function fileNamed(name: string): DescFile | undefined {
  // The registry leaves the ending out of its names.
  return descriptors().getFile(name) ?? descriptors().getFile(name.replace(/\.proto$/, ''));
}

function files(file: DescFile | undefined, asked: string): Content {
  if (file === undefined) return noSuch(asked);
  return { $case: 'fileDescriptorResponse', value: { fileDescriptorProto: fileWithDependencies(file) } };
}

function noExtensions(baseTypeName: string): Content {
  if (descriptors().getMessage(baseTypeName) === undefined) return noSuch(`type ${quoted(baseTypeName)}`);
  return { $case: 'allExtensionNumbersResponse', value: { baseTypeName, extensionNumber: [] } };
}

function noSuch(what: string): Content {
  return error(NOT_FOUND_CODE, `this server has no ${what}`);
}

function error(errorCode: number, errorMessage: string): Content {
  return { $case: 'errorResponse', value: { errorCode, errorMessage } };
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 128));
}
