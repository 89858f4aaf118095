import { connect, type Socket } from 'node:net';
import { type CallTemplate, FLAG, FRAME, frame, HEAD_BYTES, hello } from './frames.js';

/** What the service announces, and every library of gRPC keeps to. */
const MAX_CALLS = 250;

/** What all connections of a flood count together. */
export interface Tally {
  accepted: number;
  refused: number;
  reset: number;
  /** Not sent, since the service does not read or answer fast enough. */
  heldBack: number;
  lostConnections: number;
  readonly latenciesMs: number[];
}

export function emptyTally(): Tally {
  return { accepted: 0, refused: 0, reset: 0, heldBack: 0, lostConnections: 0, latenciesMs: [] };
}

interface Flying {
  readonly sentAt: number;
  answered: boolean;
}

/** One connection that sends calls as told, and counts what becomes of them. */
export class FloodConnection {
  private readonly socket: Socket;
  private readonly flying = new Map<number, Flying>();
  private window = 0xffff;
  private nextStream = 1;
  private rest: Buffer = Buffer.alloc(0);
  private dead = false;

  constructor(
    port: number,
    localAddress: string,
    private readonly template: CallTemplate,
    private readonly tally: Tally,
    private readonly onEnd: () => void = () => {},
  ) {
    this.socket = connect({ port, host: '127.0.0.1', localAddress });
    this.socket.setNoDelay(true);
    this.socket.write(hello());
    this.socket.on('data', (bytes: Buffer) => this.read(bytes));
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      if (!this.dead) tally.lostConnections += 1;
      this.dead = true;
    });
  }

  get lost(): boolean {
    return this.dead;
  }

  /** Sends as many calls as the service's window takes. */
  send(count: number, nextId: () => number): void {
    const now = performance.now();
    const calls: Buffer[] = [];
    while (calls.length < count && this.mayCall) {
      this.window -= this.template.dataBytes;
      calls.push(this.template.of(this.nextStream, nextId()));
      this.flying.set(this.nextStream, { sentAt: now, answered: false });
      this.nextStream += 2;
    }
    this.tally.heldBack += count - calls.length;
    if (calls.length > 0) this.socket.write(Buffer.concat(calls));
  }

  private get mayCall(): boolean {
    return !this.dead && this.window >= this.template.dataBytes && this.flying.size < MAX_CALLS;
  }

  close(): void {
    this.dead = true;
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    let bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    while (bytes.length >= HEAD_BYTES) {
      const length = bytes.readUIntBE(0, 3);
      if (bytes.length < HEAD_BYTES + length) break;
      const payload = bytes.subarray(HEAD_BYTES, HEAD_BYTES + length);
      this.take(bytes.readUInt8(3), bytes.readUInt8(4), bytes.readUInt32BE(5), payload);
      bytes = bytes.subarray(HEAD_BYTES + length);
    }
    this.rest = bytes;
  }

  private take(type: number, flags: number, stream: number, payload: Buffer): void {
    const call = this.flying.get(stream);
    if (type === FRAME.windowUpdate && stream === 0) this.window += payload.readUInt32BE(0);
    else if (type === FRAME.ping && (flags & FLAG.ack) === 0) {
      this.socket.write(frame(FRAME.ping, FLAG.ack, 0, payload));
    } else if (type === FRAME.settings && (flags & FLAG.ack) === 0) {
      this.socket.write(frame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)));
    } else if (call !== undefined) this.follow(call, type, flags, stream);
  }

  private follow(call: Flying, type: number, flags: number, stream: number): void {
    if (type === FRAME.data) call.answered = true;
    const ended = (type === FRAME.headers || type === FRAME.data) && (flags & FLAG.endStream) !== 0;
    if (!ended && type !== FRAME.reset) return;
    this.flying.delete(stream);
    if (call.answered) {
      this.tally.accepted += 1;
      this.tally.latenciesMs.push(performance.now() - call.sentAt);
    } else if (ended) this.tally.refused += 1;
    else this.tally.reset += 1;
    this.onEnd();
  }
}
