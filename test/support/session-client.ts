import { type ClientDuplexStream, Metadata, type ServiceError } from '@grpc/grpc-js';
import {
  type BudgetServiceClient,
  OpenSession,
  SessionRequest,
  type SessionResponse,
} from '../../src/gen/budgetarbiter/v1/budget_service.js';

type Call = NonNullable<SessionRequest['call']>;
type CallOf<C extends Call['$case']> = Extract<Call, { $case: C }>['value'];
type Answer = NonNullable<SessionResponse['answer']>;
type ValueOf<C extends Answer['$case']> = Extract<Answer, { $case: C }>['value'];

/** A session as a client has it: each call has its answer, in whatever order they come. */
export class SessionClient {
  readonly stream: ClientDuplexStream<SessionRequest, SessionResponse>;
  /** Tags of the answers, in their order. */
  readonly tags: number[] = [];
  /** How the stream ended: undefined for OK. */
  readonly ended: Promise<ServiceError | undefined>;
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private tag = 0;

  constructor(client: BudgetServiceClient, { token }: { readonly token?: string } = {}) {
    const metadata = new Metadata();
    if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
    this.stream = client.session(metadata);
    this.ended = new Promise((resolve) => {
      this.stream.on('error', (error: ServiceError) => resolve(error));
      this.stream.on('end', () => setImmediate(() => resolve(undefined)));
    });
    this.stream.on('data', ({ tag, answer }: SessionResponse) => {
      this.tags.push(tag);
      const take = this.waiting.get(tag);
      this.waiting.delete(tag);
      if (answer !== undefined) take?.(answer);
    });
  }

  /** The session's id, and its leases if it was taken up. Rejects if the stream ends first. */
  open(request: Partial<OpenSession> = {}): Promise<ValueOf<'opened'>> {
    const open = OpenSession.fromPartial({ budgetId: 'anthropic', aiId: 'guardian', ...request });
    const failure = this.ended.then((error): never => {
      throw error ?? new Error('the stream ended');
    });
    return Promise.race([this.ask('opened', { $case: 'open', value: open }), failure]);
  }

  /** The answer, which must be of this kind. */
  async ask<C extends Answer['$case']>($case: C, call: PartialCall): Promise<ValueOf<C>> {
    const answer = await this.send(call);
    if (answer.$case !== $case) throw new Error(`not ${$case}: ${JSON.stringify(answer)}`);
    return answer.value as ValueOf<C>;
  }

  send(call: PartialCall | undefined): Promise<Answer> {
    this.tag += 1;
    const request = SessionRequest.fromPartial({ tag: this.tag, call: call as never });
    return new Promise((resolve) => {
      this.waiting.set(request.tag, resolve);
      this.stream.write(request);
    });
  }

  async acquire(request: Partial<CallOf<'acquire'>> = {}): Promise<string> {
    const { outcome } = await this.ask('acquired', { $case: 'acquire', value: request });
    if (outcome?.$case !== 'granted') throw new Error(JSON.stringify(outcome));
    return outcome.value.lease?.leaseId ?? '';
  }
}

type PartialCall = { [C in Call['$case']]: { $case: C; value: Partial<CallOf<C>> } }[Call['$case']];
