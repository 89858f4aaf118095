import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { MessageReader } from '../../../../src/grpc/session/message-reader.js';
import { framed } from '../../../grpc/support/raw-client.js';

const MOST_BYTES = 300;
const TEXTS = ['one', '', 'x'.repeat(MOST_BYTES), 'four'];
const ALL = Buffer.concat(TEXTS.map((text) => framed(Buffer.from(text))));

/** A reader, and what it told, with what to do when it tells. */
function readerOf(act: (reader: MessageReader, text: string) => void = () => {}) {
  const stream = new PassThrough();
  const told: string[] = [];
  const reader: MessageReader = new MessageReader(stream, MOST_BYTES, {
    message: (bytes) => {
      told.push(bytes.toString());
      act(reader, bytes.toString());
    },
    tooLong: (length) => told.push(`too long: ${length}`),
    end: () => told.push('end'),
  });
  const turn = () => new Promise((resolve) => void setImmediate(resolve));
  return { stream, told, reader, turn };
}

describe('MessageReader', () => {
  it.each(Array.from(ALL, (_, at) => at))('reads messages that come in two parts, cut at %d', async (at) => {
    const { stream, told, reader, turn } = readerOf();
    reader.resume();
    stream.write(ALL.subarray(0, at));
    await turn();
    stream.end(ALL.subarray(at));
    await turn();
    expect(told).toEqual([...TEXTS, 'end']);
  });

  it('reads messages that come byte by byte', async () => {
    const { stream, told, reader, turn } = readerOf();
    reader.resume();
    for (const byte of ALL) {
      stream.write(Buffer.of(byte));
      await turn();
    }
    expect(told).toEqual(TEXTS);
  });

  it('reads nothing before it is resumed', async () => {
    const { stream, told, reader, turn } = readerOf();
    stream.end(ALL);
    await turn();
    expect(told).toEqual([]);
    reader.resume();
    await turn();
    expect(told).toEqual([...TEXTS, 'end']);
  });

  it('stops behind the message that pauses it, and goes on with what it holds', async () => {
    const { stream, told, reader, turn } = readerOf((own) => own.pause());
    reader.resume();
    stream.end(ALL);
    for (const [at] of TEXTS.entries()) {
      await turn();
      expect(told).toEqual(TEXTS.slice(0, at + 1));
      reader.resume();
    }
    await turn();
    expect(told).toEqual([...TEXTS, 'end']);
  });

  it('reads each message once where one pauses and resumes it', async () => {
    const { stream, told, reader, turn } = readerOf((own) => {
      own.pause();
      own.resume();
    });
    reader.resume();
    stream.end(ALL);
    await turn();
    expect(told).toEqual([...TEXTS, 'end']);
  });

  it('reads nothing behind a message that is too long', async () => {
    const { stream, told, reader, turn } = readerOf();
    reader.resume();
    stream.write(Buffer.concat([framed(Buffer.from('one')), framed(Buffer.alloc(MOST_BYTES + 1))]));
    await turn();
    stream.end(ALL);
    await turn();
    expect(told).toEqual(['one', `too long: ${MOST_BYTES + 1}`]);
  });

  it('tells nothing once it is stopped, not even by a message', async () => {
    const { stream, told, reader, turn } = readerOf((own) => own.stop());
    reader.resume();
    stream.end(ALL);
    await turn();
    expect(told).toEqual(['one']);
    stream.resume();
    await turn();
    expect(told).toEqual(['one']);
  });

  it('leaves a message that breaks off', async () => {
    const { stream, told, reader, turn } = readerOf();
    reader.resume();
    stream.end(ALL.subarray(0, ALL.length - 1));
    await turn();
    expect(told).toEqual([...TEXTS.slice(0, -1), 'end']);
  });
});
