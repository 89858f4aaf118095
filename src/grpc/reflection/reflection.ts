import type { DescFile } from '@bufbuild/protobuf';
import { descriptors, fileOfSymbol, fileWithDependencies } from '../../api/codec/descriptors.js';
import { INVALID_ARGUMENT_CODE, NOT_FOUND_CODE } from '../../api/failures/status.js';
import {
  ServerReflectionRequest as RequestCodec,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from '../../gen/grpc/reflection/v1/reflection.js';

/** The wire form is the same under both names. */
export const REFLECTION_SERVICES = [
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
];

type Content = ServerReflectionResponse['messageResponse'];

/** One answer of server reflection. A file comes with all that it depends on, without which clients cannot read it. */
export function reflectionAnswer(
  request: ServerReflectionRequest,
  services: readonly string[],
): ServerReflectionResponse {
  return {
    validHost: request.host,
    originalRequest: RequestCodec.fromPartial(request),
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
