import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';

/** How the generated code reads and writes one type of message. */
export interface Codec<T> {
  decode(reader: BinaryReader): T;
  encode(message: T, writer?: BinaryWriter): BinaryWriter;
}

const MAX_UINT32 = 0xffff_ffff;
/** A writer that has grown beyond this for one long list is not kept for it. */
const MOST_KEPT_BYTES = 64 * 1024;

const strictText = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads the messages of one request. Amounts are int64 on the wire and small in fact; the library reads each of them by way of
 * a BigInt and its text, which costs more than all else about a report.
 */
export class RequestReader extends BinaryReader {
  /** A text came that is no key of an object: the generated decoder loses a map's entry of this name. */
  metPrototypeKey = false;

  constructor(private readonly bytesOfRequest: Buffer) {
    super(bytesOfRequest);
  }

  /** By Node's own decoder, which is the fastest. */
  override string(): string {
    const length = this.uint32();
    const start = this.pos;
    this.pos += length;
    if (this.pos > this.len) throw new RangeError('a text ends behind its message');
    const text = this.bytesOfRequest.toString('utf8', start, this.pos);
    if (text.includes('\ufffd')) strictText.decode(this.bytesOfRequest.subarray(start, this.pos));
    if (text === '__proto__') this.metPrototypeKey = true;
    return text;
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

/** In front of a message of gRPC: that it is not compressed, and its length. */
const FRAME_HEADER = Uint8Array.of(0, 0, 0, 0, 0);

/** Writes answers. What fits in 32 bits is the same on the wire, whichever integer type it has. */
class AnswerWriter extends BinaryWriter {
  override int64(value: string | number | bigint): this {
    const isSmall = typeof value === 'number' && value >= 0 && value <= MAX_UINT32 && Number.isInteger(value);
    return isSmall ? this.uint32(value) : super.int64(value);
  }

  /** A message in a frame of its own. The library's fields are private, hence the brackets. */
  frame<A>(codec: Codec<A>, message: A): void {
    const start = this['pos'];
    this.raw(FRAME_HEADER);
    codec.encode(message, this);
    const length = this['pos'] - start - FRAME_HEADER.length;
    const bytes = this['buffer'];
    for (let at = 1; at < FRAME_HEADER.length; at += 1) bytes[start + at] = length >>> (32 - 8 * at);
  }

  mark(): number {
    return this['pos'];
  }

  /** Forgets what was written since. */
  backTo(mark: number): void {
    this['pos'] = mark;
    this['stackPos'] = [];
  }

  /** From Node's pool: the library's own copy takes memory from the system for every answer. */
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
  return written((to) => codec.encode(message, to));
}

/** The same as gRPC sends it. */
export function encodedFrame<A>(codec: Codec<A>, message: A): Buffer {
  return written((to) => to.frame(codec, message));
}

/** Each of them so, in one piece. `instead` is sent for one that cannot be written. */
export function encodedFrames<A>(
  codec: Codec<A>,
  messages: readonly A[],
  instead: (message: A, error: unknown) => A,
): Buffer {
  return written((to) => {
    for (const message of messages) {
      const start = to.mark();
      try {
        to.frame(codec, message);
      } catch (error) {
        to.backTo(start);
        to.frame(codec, instead(message, error));
      }
    }
  });
}

function written(write: (to: AnswerWriter) => void): Buffer {
  try {
    write(writer);
    const bytes = writer.finish();
    if (bytes.length > MOST_KEPT_BYTES) writer = new AnswerWriter();
    return bytes;
  } catch (error) {
    // What it holds of a message that cannot be written must not begin the next.
    writer = new AnswerWriter();
    throw error;
  }
}
