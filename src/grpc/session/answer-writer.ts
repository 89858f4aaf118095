import type { ServerHttp2Stream } from 'node:http2';
import { encodedFrames } from '../../api/codec/wire.js';
import { SessionResponse } from '../../gen/budgetarbiter/v1/budget_service.js';
import { noteAnswers } from '../gate/connection.js';

/**
 * Writes the answers of one session. grpc-js writes one message after the other, each when the one before is on its way;
 * here the answers that a commit brings go out together, which costs a fraction of it.
 */
export class AnswerWriter {
  private gathered: SessionResponse[] = [];
  /** Answers that the client's connection has not taken yet, and those that it has. */
  unread = 0;
  taken = 0;

  constructor(
    private readonly stream: ServerHttp2Stream,
    private readonly onTaken: () => void,
    /** What is said in place of an answer that cannot be written. */
    private readonly instead: (answer: SessionResponse, error: unknown) => SessionResponse,
  ) {}

  send(answer: SessionResponse): void {
    this.unread += 1;
    // After the promises that are settled by now: their answers go along.
    if (this.gathered.push(answer) === 1) process.nextTick(() => this.flush());
  }

  flush(): void {
    const { gathered } = this;
    if (gathered.length === 0 || this.stream.destroyed || this.stream.writableEnded) return;
    this.gathered = [];
    const frames = encodedFrames(SessionResponse, gathered, this.instead);
    noteAnswers(this.stream);
    this.stream.write(frames, () => {
      this.unread -= gathered.length;
      this.taken += gathered.length;
      this.onTaken();
    });
  }
}
