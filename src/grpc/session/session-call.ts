import { type handleBidiStreamingCall, Metadata, type ServerDuplexStream } from '@grpc/grpc-js';
import type { Purpose } from '../../access/standing.js';
import { decodeRequest } from '../../api/codec/decode.js';
import { callFailure } from '../../api/failures/call-failure.js';
import { RequestError, unlessRefused } from '../../api/failures/request-error.js';
import { CANCELLED_CODE, endCode, OK_CODE } from '../../api/failures/status.js';
import { TransportError } from '../../api/failures/transport-error.js';
import { type EndCall, observingCalls } from '../../api/observed-call.js';
import type { Entrance, Services } from '../../api/service.js';
import { leaseMessage } from '../../api/write/lease.js';
import { ArbiterError, type OpenSession } from '../../arbiter/service-port.js';
import type { SessionResponse } from '../../gen/budgetarbiter/v1/budget_service.js';
import { PROCESS_SCHEDULER } from '../../platform/scheduler.js';
import { streamBeneath, takeOverReading } from '../grpc-js-internals.js';
import { type OpenStreams, onCredentialsEnd } from '../open-streams.js';
import { AnswerWriter } from './answer-writer.js';
import { MessageReader } from './message-reader.js';
import { SessionCalls, type Speaker, sessionFailure } from './session-calls.js';
import { MOST_MESSAGE_BYTES, misplaced, readOpen, SESSION_METHOD } from './session-messages.js';

/** The first message must have come by then. */
const HELLO_MS = 10_000;
/** Beyond these nothing is read for the moment. */
const MOST_UNREAD = 64;
const MOST_UNDER_WAY = 256;
/** So many seconds without a single answer taken, while there are that many: the client does not read. */
const STALLED_SECONDS = 3;

export function sessionCall(
  services: Services,
  enter: Entrance,
  open: OpenStreams,
): handleBidiStreamingCall<Buffer, Buffer> {
  const observed = observingCalls(SESSION_METHOD.path, services);
  return (call) =>
    observed(call.metadata, (end) => void new SessionCall(call, services, open, end).begin(enter));
}

/**
 * One session's stream, from the first message to its end.
 *
 *   begin ── entrance lets in ──▶ waits for `open` (10 s) ── open ──▶ taking up ── opened ──▶ open: calls, answers ──┐
 *                                                                     reads nothing                │                 │
 *                      too many unread or under way: `pause`;  fewer: `resume` ◀── flow ───────────┘                 │
 *                                                                                                                    │
 *   finish ◀── the client says no more (half-closed: waits are ended, the leases' grace begins) ◀────────────────────┤
 *     │        or the server says goodbye (open streams)                                                             │
 *     └─ nothing more is read; what is under way is answered ──▶ end, with OK or the goodbye ──▶ leave                │
 *                                                                                                                    │
 *   leave ◀── cancelled; fail: a bad message, credentials over, taken up elsewhere, answers unread for 3 s ◀─────────┘
 *     gone: told once, nothing is sent any more, waits are given up, the session is closed
 *
 * A take-up that ends after `leave` closes its session at once: `opened` looks whether the client is gone.
 */
class SessionCall implements Speaker {
  gone = false;
  private readonly listeners = new Set<() => void>();
  private readonly writer: AnswerWriter;
  private session: OpenSession | undefined;
  /** Until its first message it has none. */
  private beginning: Purpose | undefined;
  private calls: SessionCalls | undefined;
  private opening = false;
  /** Absent: grpc-js reads the messages. */
  private reader: MessageReader | undefined;
  private paused = false;
  /** What is under way is answered, nothing more is read, and then this ends the stream. */
  private atLast: (() => void) | undefined;
  private cancelTimer: (() => void) | undefined;
  /** The service wants it to go on elsewhere: that is no sign of an AI that crashed. */
  private sentOn = false;

  constructor(
    private readonly call: ServerDuplexStream<Buffer, Buffer>,
    private readonly services: Services,
    open: OpenStreams,
    private readonly tellEnd: EndCall,
  ) {
    const stream = streamBeneath(call);
    const instead = ({ tag }: SessionResponse, error: unknown) => ({
      tag,
      answer: sessionFailure(error, services),
    });
    this.writer = new AnswerWriter(stream, () => this.flow(), instead);
    call.on('cancelled', () => this.leave(CANCELLED_CODE));
    this.onGone(open.add(stream, (error) => queueMicrotask(() => this.goodbye(error))));
  }

  async begin(enter: Entrance): Promise<void> {
    try {
      const own = await enter(this.call);
      if (this.gone) return;
      this.onGone(
        onCredentialsEnd(
          own,
          (error) => this.fail(error),
          () => this.purpose(),
        ),
      );
      this.cancelTimer = this.after(HELLO_MS, () => this.fail(lateHello()));
      this.read(own);
    } catch (error) {
      this.fail(error);
    }
  }

  private read(own: Services): void {
    const message = (bytes: Buffer) => this.take(bytes, own);
    const end = () => this.halfClosed();
    const stream = takeOverReading(this.call);
    if (stream === undefined) {
      this.call.on('data', message);
      this.call.on('end', end);
      return;
    }
    const tooLong = (length: number) => this.fail(tooLarge(length));
    // A connection that was cut ends its streams, too: of that the call hears as cancelled.
    const endUnlessCut = () => {
      if (!stream.aborted) end();
    };
    this.reader = new MessageReader(stream, MOST_MESSAGE_BYTES, { message, tooLong, end: endUnlessCut });
    this.reader.resume();
  }

  private purpose(): Purpose | undefined {
    if (this.beginning === undefined) return undefined;
    const { budgetIds, aiId } = this.beginning;
    return { budgetIds: [...new Set([...budgetIds, ...(this.calls?.usedBudgetIds ?? [])])], aiId };
  }

  onGone(listener: () => void): void {
    if (this.gone) queueMicrotask(listener);
    else this.listeners.add(listener);
  }

  forget(listener: () => void): void {
    this.listeners.delete(listener);
  }

  send(answer: SessionResponse): void {
    if (this.gone) return;
    this.writer.send(answer);
    this.flow();
  }

  private take(bytes: Buffer, own: Services): void {
    if (this.gone || this.atLast !== undefined) return;
    try {
      if (this.calls === undefined) this.open(bytes, own);
      else this.calls.take(bytes);
      this.flow();
    } catch (error) {
      this.fail(error);
    }
  }

  private open(bytes: Buffer, own: Services): void {
    const { tag, call } = decodeRequest(SESSION_METHOD, bytes);
    if (call?.$case !== 'open') throw misplaced('open', 'must be the first message of a session');
    const beginning = readOpen(call.value, own.ids);
    this.beginning = beginning;
    this.stopTimer();
    this.opening = true;
    const { budgetId, aiId } = call.value;
    const takenUp = () => this.fail(new RequestError({ reason: 'SESSION_TAKEN_UP' }));
    own.servicePort
      .openSession(beginning, takenUp, this)
      .then((opened) => this.opened(tag, unlessRefused(opened), own, budgetId, aiId))
      .catch((error: unknown) => this.fail(error));
  }

  private opened(tag: number, session: OpenSession, own: Services, budgetId: string, aiId: string): void {
    this.session = session;
    this.calls = new SessionCalls({ ...own, session: session.session }, budgetId, aiId, this);
    for (const lease of session.leases) this.calls.usedBudgetIds.add(lease.budgetId);
    if (this.gone) {
      this.close();
      return;
    }
    this.opening = false;
    this.call.sendMetadata(new Metadata());
    const value = { sessionId: session.session.id, leases: session.leases.map(leaseMessage) };
    this.send({ tag, answer: { $case: 'opened', value } });
  }

  /** Reads on or not; and ends what has nothing more to do. */
  private flow(): void {
    if (this.gone) return;
    if (this.atLast !== undefined) {
      if (!this.opening && (this.calls?.underWay ?? 0) === 0) this.atLast();
      return;
    }
    const { underWay, waiting } = this.calls ?? { underWay: 0, waiting: 0 };
    const unread = this.writer.unread >= MOST_UNREAD;
    const full = this.opening || unread || underWay - waiting >= MOST_UNDER_WAY;
    if (unread && this.cancelTimer === undefined) this.watchReading(this.writer.taken, 0);
    if (full === this.paused) return;
    this.paused = full;
    const messages = this.reader ?? this.call;
    if (full) messages.pause();
    else messages.resume();
  }

  private watchReading(takenBefore: number, seconds: number): void {
    this.cancelTimer = this.after(1_000, () => {
      const { taken, unread } = this.writer;
      const stalled = taken === takenBefore ? seconds + 1 : 0;
      if (unread < MOST_UNREAD) return;
      if (stalled >= STALLED_SECONDS) this.fail(unreadAnswers());
      else this.watchReading(taken, stalled);
    });
  }

  private after(ms: number, task: () => void): () => void {
    return (this.services.scheduler ?? PROCESS_SCHEDULER).after(ms, () => {
      this.cancelTimer = undefined;
      task();
    });
  }

  private stopTimer(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }

  /** To have no more to say is the end of a session: its grace begins now. What was asked for is answered. */
  private halfClosed(): void {
    this.close();
    this.calls?.endWaits();
    this.finish(() => this.end());
  }

  /** Nothing is lost by it: those who wait ask again with the same ids, on the stream that comes next. */
  private goodbye(error: Error): void {
    this.sentOn = true;
    this.calls?.endWaits();
    this.finish(() => this.fail(error));
  }

  private finish(atLast: () => void): void {
    this.atLast ??= atLast;
    this.flow();
  }

  private end(): void {
    this.writer.flush();
    this.leave(OK_CODE);
    this.call.end();
  }

  private fail(error: unknown): void {
    if (this.gone) return;
    this.writer.flush();
    this.leave(endCode(error));
    this.call.emit('error', callFailure(error, SESSION_METHOD.path, this.services));
  }

  private leave(code: number): void {
    if (this.gone) return;
    this.gone = true;
    this.reader?.stop();
    this.tellEnd(code);
    this.stopTimer();
    for (const listener of [...this.listeners]) listener();
    this.listeners.clear();
    this.close();
  }

  private close(): void {
    const used = this.calls?.usedBudgetIds ?? [];
    if (this.sentOn) this.session?.leave(used);
    else this.session?.close(used);
  }
}

function lateHello(): Error {
  return misplaced('open', `must come within ${HELLO_MS / 1_000} seconds of the beginning of the stream`);
}

/** In the words of grpc-js, which says it of all other calls. */
function tooLarge(length: number): TransportError {
  return new TransportError(
    'TOO_LARGE',
    `Received message larger than max (${length} vs ${MOST_MESSAGE_BYTES})`,
  );
}

function unreadAnswers(): ArbiterError {
  return new ArbiterError(
    'QUEUE_FULL',
    `${MOST_UNREAD} answers of this session are unread: read them, or ask for less at a time`,
    1_000,
  );
}
