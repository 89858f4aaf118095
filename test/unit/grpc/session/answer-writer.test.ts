import type { ServerHttp2Stream } from 'node:http2';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { encodedFrames } from '../../../../src/api/codec/wire.js';
import { SessionResponse } from '../../../../src/gen/budgetarbiter/v1/budget_service.js';
import { AnswerWriter } from '../../../../src/grpc/session/answer-writer.js';

const recorded = (tag: number, chargedTokens = 1) =>
  SessionResponse.fromPartial({ tag, answer: { $case: 'recorded', value: { chargedTokens } } });
const failed = ({ tag }: SessionResponse) =>
  SessionResponse.fromPartial({ tag, answer: { $case: 'failed', value: { code: 13 } } });

/** Writes the answers, and gives what reached the stream and how many were taken. */
async function written(answers: readonly SessionResponse[]) {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  const taken = new Promise<void>((resolve) => {
    const writer = new AnswerWriter(stream as unknown as ServerHttp2Stream, () => resolve(), failed);
    for (const answer of answers) writer.send(answer);
  });
  await taken;
  return chunks;
}

describe('AnswerWriter', () => {
  it('sends the answers of one turn in one piece', async () => {
    const answers = [recorded(1), recorded(2), recorded(3)];
    expect(await written(answers)).toEqual([encodedFrames(SessionResponse, answers, failed)]);
  });

  it('tells a call whose answer cannot be written that it failed, and answers the others', async () => {
    const answers = [recorded(1), recorded(2, 0.5), recorded(3)];
    const told = [recorded(1), failed(recorded(2)), recorded(3)];
    expect(await written(answers)).toEqual([encodedFrames(SessionResponse, told, failed)]);
  });
});
