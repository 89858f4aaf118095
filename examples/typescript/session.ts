import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import type { Lease } from './gen/budgetarbiter/v1/budget.js';
import {
  type BudgetServiceClient,
  OpenSession,
  type SessionOpened,
  SessionRequest,
  type SessionResponse,
} from './gen/budgetarbiter/v1/budget_service.js';
import type { Status } from './gen/google/rpc/status.js';

export type Call = Exclude<NonNullable<SessionRequest['call']>, { $case: 'open' }>;
export type Answer = Exclude<NonNullable<SessionResponse['answer']>, { $case: 'opened' }>;

/** Only another program or another configuration mends these. */
const HOPELESS = [
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.UNIMPLEMENTED,
  // Another process has taken the session up.
  status.ABORTED,
];

interface Unanswered {
  readonly call: Call;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** A call was answered by an error. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  constructor(readonly status: Status) {
    super(status.message);
  }
}

/**
 * One stream for all calls of this process. The service keeps its leases alive while the stream lives. When it breaks, the
 * session is taken up again on a new one, and what was not answered is asked again: with the same ids, so that it has one effect.
 */
export class Session {
  #stream: ClientDuplexStream<SessionRequest, SessionResponse> | undefined;
  #opened = false;
  #closed = false;
  #sessionId: string | undefined;
  #tag = 0;
  #pauseMs = 100;
  readonly #unanswered = new Map<number, Unanswered>();
  /** Called with the leases that the session has, each time that it is taken up. */
  readonly onLeases = new Set<(leases: readonly Lease[]) => void>();
  /** Called when the stream breaks. */
  readonly onBreak = new Set<() => void>();

  constructor(
    private readonly client: BudgetServiceClient,
    private readonly budgetId: string,
    private readonly aiId: string,
  ) {
    this.#connect();
  }

  /** Sends a call; resolves to its answer, over however many streams. */
  call(call: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new Error('the session is closed'));
      const tag = ++this.#tag;
      this.#unanswered.set(tag, { call, resolve, reject });
      if (this.#opened) this.#stream?.write(SessionRequest.fromPartial({ tag, call }));
    });
  }

  /** Release every slot first: a session that ends with leases leaves them to the grace. */
  close(): void {
    this.#closed = true;
    this.#stream?.end();
  }

  #connect(): void {
    const stream = this.client.session();
    this.#stream = stream;
    stream.on('data', (response: SessionResponse) => this.#take(response));
    // An error comes with an end; either alone is one break.
    stream.once('error', (error: ServiceError) => this.#ended(stream, error));
    stream.once('end', () => this.#ended(stream));
    const { budgetId, aiId } = this;
    const value = OpenSession.fromPartial({ budgetId, aiId, sessionId: this.#sessionId });
    stream.write(SessionRequest.fromPartial({ call: { $case: 'open', value } }));
  }

  #take({ tag, answer }: SessionResponse): void {
    if (answer?.$case === 'opened') {
      this.#takeUp(answer.value);
      return;
    }
    const asked = this.#unanswered.get(tag);
    this.#unanswered.delete(tag);
    if (answer?.$case === 'failed') asked?.reject(new CallFailed(answer.value));
    else if (answer !== undefined) asked?.resolve(answer);
  }

  #takeUp({ sessionId, leases }: SessionOpened): void {
    this.#sessionId = sessionId;
    this.#opened = true;
    this.#pauseMs = 100;
    for (const listener of this.onLeases) listener(leases);
    for (const [tag, { call }] of this.#unanswered) {
      this.#stream?.write(SessionRequest.fromPartial({ tag, call }));
    }
  }

  #ended(stream: unknown, error?: ServiceError): void {
    if (stream !== this.#stream) return;
    this.#stream = undefined;
    this.#opened = false;
    if (this.#closed || (error && HOPELESS.includes(error.code))) {
      this.#giveUp(error);
      return;
    }
    for (const listener of this.onBreak) listener();
    // Jittered, so that many clients do not come back in step.
    void sleep(this.#pauseMs * (0.5 + Math.random() / 2)).then(() => this.#connect());
    this.#pauseMs = Math.min(this.#pauseMs * 2, 2_000);
  }

  #giveUp(error: unknown): void {
    this.#closed = true;
    for (const { reject } of this.#unanswered.values()) reject(error ?? new Error('the session is closed'));
    this.#unanswered.clear();
  }
}
