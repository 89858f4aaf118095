import { decodeRequest } from '../../api/codec/decode.js';
import { toldFailure } from '../../api/failures/call-failure.js';
import { statusMessage } from '../../api/failures/error-details.js';
import { endCode, OK_CODE } from '../../api/failures/status.js';
import { acquireSlot, renewSlot } from '../../api/handlers/slots.js';
import { recordUsage, release } from '../../api/handlers/usage.js';
import { type MethodObserver, type RpcObserver, UNOBSERVED_CALLS } from '../../api/observers.js';
import type { Services } from '../../api/service.js';
import { ArbiterError, type Caller } from '../../arbiter/service-port.js';
import {
  type AcquireSlotRequest,
  BudgetServiceService,
  type RecordUsageRequest,
  type SessionRequest,
  type SessionResponse,
} from '../../gen/budgetarbiter/v1/budget_service.js';
import { MOST_BUDGETS, misplaced, SESSION_METHOD, tagOf } from './session-messages.js';

type Answer = NonNullable<SessionResponse['answer']>;
type ValueOf<C extends Answer['$case']> = Extract<Answer, { $case: C }>['value'];

/** Of one AI; of all that a gateway acts for, as many as may wait in a budget. */
const MOST_WAITING = 64;
const MOST_WAITING_BEHIND_GATEWAY = 1_000;

/** Whose session it is, and where its answers go. */
export interface Speaker extends Caller {
  send(answer: SessionResponse): void;
  /** `onGone` of a call that waits, which must not stay behind when the call is answered. */
  forget(listener: () => void): void;
}

/** The calls of one session: each is made as a call of its own would be, and answered under its tag. */
export class SessionCalls {
  readonly usedBudgetIds = new Set<string>();
  underWay = 0;
  private readonly observers;
  /** Those among them that wait for a slot, with their AI. */
  private readonly waiters = new Map<WaitingCaller, string>();

  constructor(
    private readonly services: Services,
    private readonly budgetId: string,
    /** Empty: a gateway's. */
    private readonly aiId: string,
    private readonly speaker: Speaker,
  ) {
    this.usedBudgetIds.add(budgetId);
    this.observers = sessionObservers(services.observer);
  }

  get waiting(): number {
    return this.waiters.size;
  }

  /** Throws for bytes that nobody can be told about. */
  take(bytes: Buffer): void {
    let message: SessionRequest;
    try {
      message = decodeRequest(SESSION_METHOD, bytes);
    } catch (error) {
      const tag = tagOf(bytes);
      if (tag === undefined) throw error;
      this.fail(tag, error);
      return;
    }
    this.make(message);
  }

  private make({ tag, call }: SessionRequest): void {
    const { services, speaker } = this;
    switch (call?.$case) {
      case 'acquire':
        this.acquire(tag, call.value);
        break;
      case 'renew':
        this.answer(tag, 'renewed', renewSlot(call.value, speaker, services));
        break;
      case 'record':
        this.answer(tag, 'recorded', recordUsage(this.withDefaults(call.value), speaker, services));
        break;
      case 'release':
        this.answer(tag, 'released', release(call.value, speaker, services));
        break;
      case 'open':
        this.fail(
          tag,
          misplaced('open', 'must be the first message only: open another stream for another session'),
        );
        break;
      case undefined:
        this.fail(tag, misplaced('call', 'one of acquire, renew, record and release is required'));
    }
  }

  private acquire(tag: number, message: AcquireSlotRequest): void {
    const { services, speaker } = this;
    message.budgetId ||= this.budgetId;
    message.aiId ||= this.aiId;
    if (this.aiId !== '' && message.aiId !== this.aiId) {
      const own = JSON.stringify(this.aiId);
      this.fail(
        tag,
        misplaced('acquire.ai_id', `must be empty or the session's, ${own}: open a stream for each AI`),
        'acquired',
      );
      return;
    }
    if (!this.uses(message.budgetId)) {
      this.fail(
        tag,
        misplaced('acquire.budget_id', `must be one of the ${MOST_BUDGETS} budgets that it named first`),
        'acquired',
      );
      return;
    }
    if (message.wait === undefined) this.answer(tag, 'acquired', acquireSlot(message, speaker, services));
    else if (this.hasRoomFor(message.aiId)) this.acquireWaiting(tag, message);
    else {
      const full = `${MOST_WAITING} calls of this session wait for a slot already; ask again without \`wait\``;
      this.fail(tag, new ArbiterError('QUEUE_FULL', full, 1_000), 'acquired');
    }
  }

  private hasRoomFor(aiId: string): boolean {
    if (this.waiting < MOST_WAITING) return true;
    if (this.waiting >= MOST_WAITING_BEHIND_GATEWAY) return false;
    let waiting = 0;
    for (const each of this.waiters.values()) if (each === aiId) waiting += 1;
    return waiting < MOST_WAITING;
  }

  private uses(budgetId: string): boolean {
    if (!this.usedBudgetIds.has(budgetId) && this.usedBudgetIds.size >= MOST_BUDGETS) return false;
    this.usedBudgetIds.add(budgetId);
    return true;
  }

  private acquireWaiting(tag: number, message: AcquireSlotRequest): void {
    const caller = new WaitingCaller(this.speaker);
    this.waiters.set(caller, message.aiId);
    const outcome = acquireSlot(message, caller, this.services)
      .catch((error: unknown) => {
        throw caller.wentByItself ? sessionEnded() : error;
      })
      .finally(() => {
        this.waiters.delete(caller);
        caller.forget();
      });
    this.answer(tag, 'acquired', outcome);
  }

  /** The client has no more to say: those who wait for a slot are answered, since nobody would hold it. */
  endWaits(): void {
    for (const caller of [...this.waiters.keys()]) caller.go();
  }

  private withDefaults(message: RecordUsageRequest): RecordUsageRequest {
    if (message.subject?.$case === 'unleased') {
      message.subject.value.budgetId ||= this.budgetId;
      message.subject.value.aiId ||= this.aiId;
    }
    return message;
  }

  private answer<C extends Answered>(tag: number, $case: C, outcome: Promise<ValueOf<C>>): void {
    this.underWay += 1;
    const observer = this.observers[$case];
    const begunAt = observer.begin();
    outcome.then(
      (value) => {
        observer.end(begunAt, OK_CODE);
        this.send(tag, { $case, value } as Answer);
      },
      (error: unknown) => {
        observer.end(begunAt, endCode(error));
        this.send(tag, sessionFailure(error, this.services));
      },
    );
  }

  /** Without `instead`, nobody knows what was called. */
  private fail(tag: number, error: unknown, instead?: Answered): void {
    this.underWay += 1;
    const observer = instead && this.observers[instead];
    observer?.end(observer.begin(), endCode(error));
    this.send(tag, sessionFailure(error, this.services));
  }

  private send(tag: number, answer: Answer): void {
    this.underWay -= 1;
    this.speaker.send({ tag, answer });
  }
}

/** How a call of a session is told that it failed. */
export function sessionFailure(error: unknown, services: Services): Answer {
  const failure = toldFailure(error, SESSION_METHOD.path, services);
  return { $case: 'failed', value: statusMessage(failure) };
}

/** The caller of one call that waits. Its session outlives it, and must not remember it for ever. */
class WaitingCaller implements Caller {
  private listener: (() => void) | undefined;
  wentByItself = false;

  constructor(private readonly speaker: Speaker) {}

  get gone(): boolean {
    return this.wentByItself || this.speaker.gone;
  }

  /** Before its session. */
  go(): void {
    this.wentByItself = true;
    this.listener?.();
  }

  onGone(listener: () => void): void {
    this.listener = listener;
    this.speaker.onGone(listener);
  }

  forget(): void {
    if (this.listener !== undefined) this.speaker.forget(this.listener);
  }
}

function sessionEnded(): ArbiterError {
  return new ArbiterError(
    'CANCELLED',
    'the session ended while this call waited: open another, and ask again with the same request id',
  );
}

/** How the calls of a session are answered, other than by an error. */
type Answered = 'acquired' | 'renewed' | 'recorded' | 'released';

/** A call within a session is counted as one of its own would be. */
function sessionObservers(
  observer: RpcObserver = UNOBSERVED_CALLS,
): Readonly<Record<Answered, MethodObserver>> {
  const { acquireSlot, renewSlot, recordUsage, release } = BudgetServiceService;
  return {
    acquired: observer.method(acquireSlot.path),
    renewed: observer.method(renewSlot.path),
    recorded: observer.method(recordUsage.path),
    released: observer.method(release.path),
  };
}
