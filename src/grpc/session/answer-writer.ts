import type { ServerHttp2Stream } from 'node:http2';
import { noteAnswers } from '../gate/connection.js';

const FRAME_HEADER = 5;

/**
 * Writes the answers of one session. grpc-js writes one message after the other, each when the one before is on its way;
 * here the answers that a commit brings go out together, which costs a fraction of it.
 */
export class AnswerWriter {
  private gathered: Uint8Array[] = [];
  private bytes = 0;
  /** Answers that the client's connection has not taken yet, and those that it has. */
  unread = 0;
  taken = 0;

  constructor(
    private readonly stream: ServerHttp2Stream,
    private readonly onTaken: () => void,
  ) {}

  send(message: Uint8Array): void {
    this.unread += 1;
    this.bytes += FRAME_HEADER + message.length;
    // After the promises that are settled by now: their answers go along.
    if (this.gathered.push(message) === 1) process.nextTick(() => this.flush());
  }

  flush(): void {
    const { gathered } = this;
    if (gathered.length === 0 || this.stream.destroyed || this.stream.writableEnded) return;
    const frames = Buffer.allocUnsafe(this.bytes);
    let at = 0;
    for (const message of gathered) {
      frames[at] = 0;
      frames.writeUInt32BE(message.length, at + 1);
      frames.set(message, at + FRAME_HEADER);
      at += FRAME_HEADER + message.length;
    }
    this.gathered = [];
    this.bytes = 0;
    noteAnswers(this.stream);
    this.stream.write(frames, () => {
      this.unread -= gathered.length;
      this.taken += gathered.length;
      this.onTaken();
    });
  }
}
