import type { Readable } from 'node:stream';

const HEADER_BYTES = 5;

/** Who hears of the messages of a stream. */
export interface Listener {
  /** The bytes are good until it returns. It may pause the reading. */
  message(bytes: Buffer): void;
  /** A message is longer than it may be; nothing more is read. */
  tooLong(length: number): void;
  /** All messages have come; what came of one that broke off is left. */
  end(): void;
}

/**
 * Reads the messages of one stream, all that have come in one turn. grpc-js hands over one after the other, each with a promise and a turn of
 * its own.
 */
export class MessageReader {
  private parts: Buffer[] = [];
  private held = 0;
  /** With fewer bytes there is no whole message. */
  private needed = HEADER_BYTES;
  private paused = true;
  private reading = false;
  private state: 'OPEN' | 'ENDED' | 'OVER' = 'OPEN';

  constructor(
    private readonly stream: Readable,
    private readonly mostBytes: number,
    private readonly listener: Listener,
  ) {
    stream.pause();
    stream.on('data', (chunk: Buffer) => {
      if (this.state === 'OVER') return;
      this.parts.push(chunk);
      this.held += chunk.length;
      this.read();
    });
    stream.on('end', () => {
      if (this.state === 'OPEN') this.state = 'ENDED';
      this.read();
    });
  }

  pause(): void {
    this.paused = true;
    this.stream.pause();
  }

  resume(): void {
    this.paused = false;
    this.read();
    if (!this.paused) this.stream.resume();
  }

  /** Nothing more is read, and what still comes is dropped. */
  stop(): void {
    this.state = 'OVER';
    this.parts = [];
    this.held = 0;
  }

  private read(): void {
    if (this.paused || this.reading || this.state === 'OVER') return;
    this.reading = true;
    try {
      if (this.held >= this.needed) this.readHeld();
    } finally {
      this.reading = false;
    }
    if (this.state !== 'ENDED' || this.paused) return;
    this.state = 'OVER';
    this.listener.end();
  }

  private readHeld(): void {
    const [first] = this.parts;
    const bytes = first !== undefined && this.parts.length === 1 ? first : Buffer.concat(this.parts);
    let at = 0;
    this.needed = HEADER_BYTES;
    while (!this.paused && this.state !== 'OVER' && bytes.length - at >= HEADER_BYTES) {
      const length = bytes.readUInt32BE(at + 1);
      if (length > this.mostBytes) {
        this.stop();
        this.listener.tooLong(length);
        return;
      }
      const end = at + HEADER_BYTES + length;
      if (end > bytes.length) {
        this.needed = end - at;
        break;
      }
      const message = bytes.subarray(at + HEADER_BYTES, end);
      at = end;
      this.listener.message(message);
    }
    if (this.state === 'OVER') return;
    this.held = bytes.length - at;
    this.parts = this.held === 0 ? [] : [bytes.subarray(at)];
  }
}
