/** Frames of HTTP/2 by hand: a library's books for a call cost the driver more than the call costs the service. */
export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
} as const;
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 } as const;
export const HEAD_BYTES = 9;

const ID_DIGITS = 12;

export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** What a client says first; its window for answers is opened for good. */
export function hello(): Buffer {
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const window = Buffer.alloc(4);
  window.writeUInt32BE(0x7fff_ffff - 0xffff);
  return Buffer.concat([
    preface,
    frame(FRAME.settings, 0, 0, Buffer.alloc(0)),
    frame(FRAME.windowUpdate, 0, 0, window),
  ]);
}

/** A call whose message has digits that differ from call to call. */
export class CallTemplate {
  private readonly bytes: Buffer;
  private readonly dataAt: number;
  private readonly digitsAt: number;
  /** What it takes of the service's window. */
  readonly dataBytes: number;

  constructor(path: string, message: (id: string) => Uint8Array) {
    const mark = '#'.repeat(ID_DIGITS);
    const body = Buffer.from(message(mark));
    const head = Buffer.alloc(5);
    head.writeUInt32BE(body.length, 1);
    const headers = frame(FRAME.headers, FLAG.endHeaders, 0, headerBlock(path));
    const data = frame(FRAME.data, FLAG.endStream, 0, Buffer.concat([head, body]));
    this.bytes = Buffer.concat([headers, data]);
    this.dataAt = headers.length;
    this.digitsAt = this.bytes.indexOf(mark);
    this.dataBytes = data.length - HEAD_BYTES;
  }

  of(stream: number, id: number): Buffer {
    const bytes = Buffer.from(this.bytes);
    bytes.writeUInt32BE(stream, 5);
    bytes.writeUInt32BE(stream, this.dataAt + 5);
    bytes.write(String(id).padStart(ID_DIGITS, '0'), this.digitsAt, 'latin1');
    return bytes;
  }
}

/** `:method POST` and `:scheme http` are entries of HPACK's table; the rest is literal. */
function headerBlock(path: string): Buffer {
  const literal = (name: string, value: string) =>
    Buffer.concat([
      Buffer.from([0, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]);
  return Buffer.concat([
    Buffer.from([0x83, 0x86]),
    literal(':path', path),
    literal(':authority', 'bench'),
    literal('content-type', 'application/grpc'),
    literal('te', 'trailers'),
  ]);
}
