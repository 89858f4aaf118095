import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';

/** How the generated code reads and writes one type of message. */
export interface Codec<T> {
  decode(reader: BinaryReader): T;
  encode(message: T, writer?: BinaryWriter): BinaryWriter;
}

const MAX_UINT32 = 0xffff_ffff;
/** A writer that has grown beyond this for one long list is not kept for it. */
const MOST_KEPT_BYTES = 64 * 1024;

/**
 * Reads the messages of one request. Amounts are int64 on the wire and small in fact; the library reads each of them by way of
 * a BigInt and its text, which costs more than all else about a report.
 */
export class RequestReader extends BinaryReader {
  constructor(
    private readonly bytesOfRequest: Uint8Array,
    decodeText?: (bytes: Uint8Array) => string,
  ) {
    super(bytesOfRequest, decodeText);
  }

  override int64(): bigint | string {
    const { bytesOfRequest: bytes, pos } = this;
    const first = bytes[pos] ?? 0x80;
    const second = bytes[pos + 1] ?? 0x80;
    const third = bytes[pos + 2] ?? 0x80;
    if (first < 0x80) return this.small(first, 1);
    if (second < 0x80) return this.small((first & 0x7f) | (second << 7), 2);
    if (third < 0x80) return this.small((first & 0x7f) | ((second & 0x7f) << 7) | (third << 14), 3);
    return super.int64();
  }

  private small(value: number, length: number): string {
    this.pos += length;
    return String(value);
  }
}

/** Writes answers. What fits in 32 bits is the same on the wire, whichever integer type it has. */
class AnswerWriter extends BinaryWriter {
  override int64(value: string | number | bigint): this {
    const isSmall = typeof value === 'number' && value >= 0 && value <= MAX_UINT32 && Number.isInteger(value);
    return isSmall ? this.uint32(value) : super.int64(value);
  }

  /** From Node's pool: the library's own copy takes memory from the system for every answer. Its fields are private, hence the brackets. */
  override finish(): Buffer<ArrayBuffer> {
    const length = this['pos'];
    const bytes = Buffer.allocUnsafe(length);
    bytes.set(this['buffer'].subarray(0, length));
    this['pos'] = 0;
    return bytes;
  }
}

/** Kept from answer to answer, with the memory that it has grown to. */
let writer = new AnswerWriter();

/** A message as bytes of its own. */
export function encoded<A>(codec: Codec<A>, message: A): Buffer {
  try {
    codec.encode(message, writer);
    const bytes = writer.finish();
    if (bytes.length > MOST_KEPT_BYTES) writer = new AnswerWriter();
    return bytes;
  } catch (error) {
    // What it holds of a message that cannot be written must not begin the next.
    writer = new AnswerWriter();
    throw error;
  }
}
