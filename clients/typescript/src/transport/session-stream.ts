import { type ClientDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import {
  OpenSession,
  type SessionOpened,
  SessionRequest,
  type SessionResponse,
} from '../gen/budgetarbiter/v1/budget_service.js';
import { CallFailure, failureFrom, failureOf, unavailable } from './call-failure.js';
import type { Replica } from './replica.js';

/** A new stream must have its answer by then, or the replica counts as away. */
const OPEN_MS = 5_000;

export type Call = Exclude<NonNullable<SessionRequest['call']>, { $case: 'open' }>;
type Answer = NonNullable<SessionResponse['answer']>;
export type AnswerOf<C extends Answer['$case']> = Extract<Answer, { $case: C }>['value'];

interface Asked {
  resolve(answer: Answer): void;
  reject(failure: CallFailure): void;
}

/** One stream, from its `open` to its end. Calls are answered in any order; those that are open when it ends fail. */
export class SessionStream {
  readonly opened: Promise<SessionOpened>;
  /** Set once it has ended. */
  failure: CallFailure | undefined;
  private readonly stream: ClientDuplexStream<SessionRequest, SessionResponse>;
  private readonly asked = new Map<number, Asked>();
  private isOpened = false;
  private lastTag = 0;

  constructor(
    readonly replica: Replica,
    open: Partial<OpenSession> & { readonly budgetId: string },
    onEnd: (stream: SessionStream) => void,
  ) {
    this.stream = replica.client.session(replica.metadata(open.budgetId));
    const end = (failure: CallFailure): void => {
      if (this.failure !== undefined) return;
      this.failure = failure;
      clearTimeout(late);
      // Once it was open its end says nothing of a call: the next stream tells whether we may go on.
      const told = this.isOpened ? unavailable(`the session broke: ${failure.message}`) : failure;
      for (const { reject } of this.asked.values()) reject(told);
      this.asked.clear();
      onEnd(this);
    };
    this.stream.on('data', (response: SessionResponse) => this.take(response));
    this.stream.on('error', (error: ServiceError) => end(failureOf(error)));
    this.stream.on('end', () => end(unavailable('the session was ended')));
    const late = setTimeout(() => {
      end(unavailable(`${replica.address.name} did not open a session within ${OPEN_MS / 1_000} s`));
      this.stream.cancel();
    }, OPEN_MS);
    this.opened = this.send({ $case: 'open', value: OpenSession.fromPartial(open) }).then((answer) => {
      clearTimeout(late);
      if (answer.$case !== 'opened') throw unavailable('the service did not open the session');
      this.isOpened = true;
      return answer.value;
    });
  }

  /** The answer, which must be of this kind. */
  async call<C extends Answer['$case']>($case: C, call: Call): Promise<AnswerOf<C>> {
    const answer = await this.send(call);
    if (answer.$case === $case) return answer.value as AnswerOf<C>;
    if (answer.$case === 'failed') {
      const { code, message } = answer.value;
      throw failureFrom(code, message, answer.value);
    }
    throw unavailable(`the service answered ${answer.$case}, not ${$case}`);
  }

  /** Nothing more to say: leases that are left begin their grace. */
  end(): void {
    this.stream.end();
  }

  private send(call: NonNullable<SessionRequest['call']>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) {
        reject(this.failure);
        return;
      }
      this.lastTag += 1;
      const request = SessionRequest.fromPartial({ tag: this.lastTag, call });
      const refused = unwritable(request);
      if (refused !== undefined) {
        reject(refused);
        return;
      }
      this.asked.set(this.lastTag, { resolve, reject });
      this.stream.write(request);
    });
  }

  private take({ tag, answer }: SessionResponse): void {
    const asked = this.asked.get(tag);
    this.asked.delete(tag);
    if (answer !== undefined) asked?.resolve(answer);
  }
}

/** What cannot be written would break the stream, and with it the calls of all others. */
function unwritable(request: SessionRequest): CallFailure | undefined {
  try {
    SessionRequest.encode(request).finish();
    return undefined;
  } catch (error) {
    return new CallFailure(status.INVALID_ARGUMENT, `the request cannot be sent: ${String(error)}`);
  }
}
