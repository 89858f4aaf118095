import { constants, type Http2Session, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { CallerAddresses, FarEnd } from '../../platform/caller-addresses.js';
import { PassingMap } from '../../platform/passing-map.js';
import type { Readable } from './backpressure.js';
import type { GateLimits } from './gate-limits.js';
import { readOn } from './socket-reading.js';

/** A call on its connection, as often as the sweep has seen it. */
interface Seen {
  /** Its client may go on sending for as long as it likes. */
  readonly conversation: boolean;
  seconds: number;
  unread: number;
  stalledSeconds: number;
}

const connections = new WeakMap<Http2Session, Connection>();

/** Answers of a conversation go out. Clients probe the line with pings while answers come, as they do beside calls. */
export function noteAnswers({ session }: ServerHttp2Stream): void {
  if (session !== undefined) connections.get(session)?.answered();
}

/**
 * Tells a stream that would go on for ever when its connection is asked to leave for its age. Returns what calls that off.
 */
export function onRetired({ session }: ServerHttp2Stream, listener: () => void): () => void {
  return (session && connections.get(session)?.onRetired(listener)) ?? (() => {});
}

/** The highest id of a stream: a client that hears it knows that what it has sent already is still answered. */
const ANY_STREAM = 2 ** 31 - 1;
/** How much the ages of connections differ, so that those of one moment do not all come back in one. */
const AGE_JITTER = 0.1;

/** One connection of a client, and what it costs. */
export class Connection implements Readable {
  private readonly calls = new PassingMap<ServerHttp2Stream, Seen>();
  private seconds = 0;
  private readonly ageSeconds: number;
  /** Since when it was asked to leave, by `seconds`. */
  private retiredAt: number | undefined;
  private readonly goodbyes = new Set<() => void>();
  private greeted = false;
  private pings = 0;
  /** Calls that came, and the answers of conversations that went out together. */
  private exchanges = 0;
  /** Bytes of answers that its client has not read, at the last sweep. */
  unread = 0;
  /** As its socket knows it, which forgets it when it closes. */
  private readonly end: FarEnd;
  private readonly address: string;
  /** Calls of many callers come on it. */
  private readonly isShared: boolean;

  constructor(
    private readonly session: ServerHttp2Session,
    private readonly addresses: CallerAddresses,
    private readonly limits: GateLimits,
    /** 0 to below 1. */
    random: number,
  ) {
    const { remoteAddress, remotePort } = session.socket;
    this.end = { remoteAddress, remotePort };
    this.address = addresses.peerOf(this.end);
    this.isShared = addresses.isShared(this.end);
    const { ageSeconds } = limits;
    const factor = 1 - AGE_JITTER + 2 * AGE_JITTER * random;
    this.ageSeconds = ageSeconds === 0 ? Number.POSITIVE_INFINITY : ageSeconds * factor;
    connections.set(session, this);
    session.once('remoteSettings', () => {
      this.greeted = true;
    });
    session.on('ping', () => {
      this.pings += 1;
      // Not while Node reads the frames that came with this one: a session destroyed there can spin for ever.
      if (this.pings > limits.pingsPerSecond + 2 * this.exchanges) setImmediate(() => this.cutOff());
    });
  }

  /** Whom one of its calls counts as. */
  callerOf(forwarded: string | string[] | undefined): string {
    return this.isShared ? this.addresses.callerOf(this.end, forwarded?.toString()) : this.address;
  }

  /** Its client does not read its answers. */
  get choked(): boolean {
    return this.unread > this.limits.unreadBytes;
  }

  get size(): number {
    return this.calls.size;
  }

  open(call: ServerHttp2Stream, conversation: boolean): void {
    this.exchanges += 1;
    this.calls.set(call, { conversation, seconds: 0, unread: 0, stalledSeconds: 0 });
  }

  answered(): void {
    this.exchanges += 1;
  }

  close(call: ServerHttp2Stream): void {
    this.calls.delete(call);
  }

  read(on: boolean): void {
    if (!this.session.destroyed) readOn(this.session, on);
  }

  /** True: there is nothing left to end. */
  cutOff(): true {
    if (this.session.destroyed) return true;
    this.session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    this.session.destroy();
    return true;
  }

  /** Once a second: ends what takes too long. */
  sweep(): void {
    this.seconds += 1;
    this.pings = 0;
    this.exchanges = this.calls.size;
    if (!this.greeted && this.seconds > this.limits.helloSeconds) {
      this.cutOff();
      return;
    }
    let unread = 0;
    for (const [call, seen] of this.calls) {
      unread += call.writableLength;
      if (this.isOver(call, seen)) call.close(constants.NGHTTP2_CANCEL);
    }
    this.unread = unread;
    if (this.seconds >= this.ageSeconds) this.retire();
  }

  onRetired(listener: () => void): () => void {
    if (this.retiredAt !== undefined) queueMicrotask(listener);
    else this.goodbyes.add(listener);
    return () => this.goodbyes.delete(listener);
  }

  /**
   * First the client is told to make new calls elsewhere, and what would go on for ever is ended; a sweep later, when it has heard
   * that, the connection closes as soon as the last call is answered; after the grace it breaks.
   */
  private retire(): void {
    if (this.session.destroyed) return;
    if (this.retiredAt === undefined) {
      this.retiredAt = this.seconds;
      this.session.goaway(constants.NGHTTP2_NO_ERROR, ANY_STREAM);
      for (const listener of [...this.goodbyes]) listener();
      this.goodbyes.clear();
    } else if (this.seconds - this.retiredAt > this.limits.ageGraceSeconds) this.session.destroy();
    else if (!this.session.closed) this.session.close();
  }

  private isOver(call: ServerHttp2Stream, seen: Seen): boolean {
    const { requestSeconds, answerSeconds } = this.limits;
    seen.seconds += 1;
    const moved = call.writableLength === 0 || call.writableLength !== seen.unread;
    seen.unread = call.writableLength;
    seen.stalledSeconds = moved ? 0 : seen.stalledSeconds + 1;
    const arriving = !seen.conversation && !call.readableEnded;
    return (arriving && seen.seconds > requestSeconds) || seen.stalledSeconds > answerSeconds;
  }
}
