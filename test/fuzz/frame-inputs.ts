import type { Chance } from '../support/chance.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** `:method POST, :scheme http, :path /grpc.health.v1.Health/Check, content-type application/grpc`, without compression. */
const HEADERS = Buffer.concat([
  Buffer.from([0x83, 0x86]),
  literal(':path', '/grpc.health.v1.Health/Check'),
  literal(':authority', 'x'),
  literal('content-type', 'application/grpc'),
  literal('te', 'trailers'),
]);

function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer,
  length = payload.length,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A connection's worth of HTTP/2 that nobody's library would send. */
export function frameBytes(chance: Chance): Buffer {
  if (chance.maybe(0.1)) return chance.bytes(chance.below(300));
  const parts: Buffer[] = [chance.maybe(0.95) ? PREFACE : PREFACE.subarray(0, chance.below(24))];
  if (chance.maybe(0.95)) parts.push(frame(4, 0, 0, Buffer.alloc(0)));
  for (let count = chance.below(12); count >= 0; count -= 1) parts.push(oddFrame(chance));
  const bytes = Buffer.concat(parts);
  return chance.maybe(0.3) ? bytes.subarray(0, chance.below(bytes.length)) : bytes;
}

function oddFrame(chance: Chance): Buffer {
  const stream = chance.pick([0, 1, 1, 3, 5, 2, 2 ** 31 - 1]);
  const message = Buffer.from([0, 0, 0, 0, 0]);
  switch (chance.below(12)) {
    case 0:
      return frame(1, chance.pick([4, 5, 0, 1]), stream, HEADERS);
    case 1:
      return frame(
        0,
        chance.pick([0, 1, 8]),
        stream,
        chance.pick([message, message.subarray(0, 3), Buffer.alloc(0)]),
      );
    case 2:
      return frame(1, 5, stream, chance.bytes(chance.below(80)));
    case 3:
      return frame(9, chance.pick([0, 4]), stream, chance.pick([HEADERS, Buffer.alloc(0), chance.bytes(40)]));
    case 4:
      return frame(3, 0, stream, chance.bytes(4));
    case 5:
      return frame(
        8,
        0,
        stream,
        chance.pick([Buffer.alloc(4), Buffer.from('7fffffff', 'hex'), chance.bytes(3)]),
      );
    case 6:
      return frame(6, chance.below(2), 0, chance.bytes(chance.pick([8, 8, 7, 0])));
    case 7:
      return frame(4, chance.below(2), 0, chance.bytes(chance.pick([6, 12, 5, 600])));
    case 8:
      return frame(7, 0, 0, chance.bytes(chance.pick([8, 20, 3])));
    case 9:
      return frame(chance.below(256), chance.below(256), stream, chance.bytes(chance.below(60)));
    case 10:
      return frame(0, 0, stream, message, chance.pick([0xff_ffff, 16_385, 60]));
    default:
      return Buffer.concat(
        Array.from({ length: 40 }, () =>
          Buffer.concat([frame(1, 5, stream, HEADERS), frame(3, 0, stream, Buffer.alloc(4))]),
        ),
      );
  }
}
