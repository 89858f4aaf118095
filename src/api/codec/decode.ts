import type { DescMessage } from '@bufbuild/protobuf';
import type { BinaryReader } from '@bufbuild/protobuf/wire';
import type { FieldViolation } from '../../domain/model/outcomes.js';
import { invalidFields, RequestError } from '../failures/request-error.js';
import { methodAt } from './descriptors.js';
import { inspectBytes } from './inspect-bytes.js';
import { RequestReader } from './wire.js';

/** A method, as far as the reading of its requests goes. */
export interface DecodedMethod<Q> {
  /** `/budgetarbiter.v1.BudgetService/AcquireSlot` */
  readonly path: string;
  readonly request: { decode(reader: BinaryReader): Q };
}

/**
 * Bytes into a message, or an error that names what is wrong. The generated decoder is fast and forgiving; what it refuses,
 * or reads in a way that may hide something, is read once more by `inspectBytes`.
 */
export function decodeRequest<Q>(method: DecodedMethod<Q>, bytes: Buffer): Q {
  const reader = new RequestReader(bytes);
  let message: Q;
  try {
    message = method.request.decode(reader);
  } catch {
    const type = inputOf(method.path);
    refuseOddities(type, bytes);
    throw malformed(type);
  }
  // It stops quietly at a zero tag.
  const looksOdd = reader.pos !== bytes.length || bytes[bytes.length - 1] === 0 || reader.metPrototypeKey;
  if (looksOdd) refuseOddities(inputOf(method.path), bytes);
  return message;
}

function refuseOddities(type: DescMessage, bytes: Buffer): void {
  let violations: FieldViolation[];
  try {
    violations = inspectBytes(type, bytes);
  } catch {
    throw malformed(type);
  }
  if (violations.length > 0) throw invalidFields(violations);
}

function malformed(type: DescMessage): RequestError {
  return new RequestError({ reason: 'MALFORMED_MESSAGE', typeName: type.typeName });
}

function inputOf(path: string): DescMessage {
  return methodAt(path).input;
}
