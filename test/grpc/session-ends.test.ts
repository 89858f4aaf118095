import { type ClientDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArbiterError } from '../../src/arbiter/service-port.js';
import type { OutcomeOf } from '../../src/domain/model/outcomes.js';
import {
  BudgetServiceService,
  OpenSession,
  SessionRequest,
  SessionResponse,
} from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { ManualScheduler } from '../support/manual-scheduler.js';
import { LEASE_ID, lease } from '../support/samples.js';
import { SessionClient } from '../support/session-client.js';
import { failed, type Harness, startHarness } from './support/harness.js';

let harness: Harness;
let scheduler: ManualScheduler;
beforeEach(async () => {
  scheduler = new ManualScheduler([]);
  harness = await startHarness({ scheduler });
});
afterEach(() => harness.stop());

const RELEASED = {
  kind: 'released',
  usedTokens: 1,
  freedTokens: 0,
  overrunTokens: 0,
  replayed: false,
} as const;
const RELEASE = { $case: 'release', value: { leaseId: LEASE_ID } } as const;
const closedWith = () => harness.servicePort.sessions[0]?.closedWith;

async function opened(): Promise<SessionClient> {
  const session = new SessionClient(harness.budgets);
  await session.open();
  return session;
}

/** Calls stay under way until the returned function is called. */
function holdAnswers(): () => void {
  const held: ((outcome: OutcomeOf['release']) => void)[] = [];
  harness.servicePort.answer = () => new Promise((resolve) => held.push(resolve as never));
  return () => {
    for (const answer of held) answer(RELEASED);
  };
}

const asIs = (bytes: Buffer): Buffer => bytes;
function rawSession(): ClientDuplexStream<Buffer, Buffer> {
  return harness.budgets.makeBidiStreamRequest(BudgetServiceService.session.path, asIs, asIs);
}
const openBytes = () => {
  const value = OpenSession.fromPartial({ budgetId: 'anthropic', aiId: 'guardian' });
  return Buffer.from(SessionRequest.encode({ tag: 1, call: { $case: 'open', value } }).finish());
};

describe('a session ends', () => {
  it('when its client has no more to say: at once; what is under way is answered, then OK', async () => {
    const session = await opened();
    const answerAll = holdAnswers();
    const answer = session.send(RELEASE);
    await expect.poll(() => harness.servicePort.last.request.kind).toBe('release');
    session.stream.end();
    await expect.poll(closedWith).toEqual(['anthropic']);
    answerAll();
    expect(await answer).toMatchObject({ $case: 'released' });
    expect(await session.ended).toBeUndefined();
  });

  it('when its client has no more to say while it waits: who waits is answered, too', async () => {
    const session = await opened();
    harness.servicePort.answer = (_, caller) =>
      new Promise((__, reject) => caller.onGone(() => reject(new ArbiterError('CANCELLED', 'gone'))));
    const waiting = [1, 2].map(() =>
      session.send({ $case: 'acquire', value: { wait: { seconds: 9, nanos: 0 } } }),
    );
    await expect.poll(() => harness.servicePort.asked.length).toBe(3);
    session.stream.end();
    for (const answer of await Promise.all(waiting)) {
      const message = expect.stringContaining('same request id');
      expect(answer).toMatchObject({ $case: 'failed', value: { code: status.CANCELLED, message } });
    }
    expect(await session.ended).toBeUndefined();
    expect(closedWith()).toEqual(['anthropic']);
  });

  it('when its client goes: every budget that it used is told', async () => {
    const session = await opened();
    await session.acquire({ budgetId: 'openai' });
    session.stream.cancel();
    await expect.poll(closedWith).toEqual(['anthropic', 'openai']);
  });

  it('when its client goes while it waits: the waiting call is gone too', async () => {
    const session = await opened();
    let gone = false;
    harness.servicePort.answer = (_, caller) => {
      caller.onGone(() => {
        gone = true;
      });
      return new Promise(() => {});
    };
    void session.acquire({ wait: { seconds: 9, nanos: 0 } });
    await expect.poll(() => harness.servicePort.last.waitMs).toBe(9_000);
    session.stream.cancel();
    await expect.poll(() => gone).toBe(true);
    expect(harness.servicePort.last.caller.gone).toBe(true);
  });

  it('when another stream takes it up', async () => {
    const session = await opened();
    harness.servicePort.sessions[0]?.takenUp();
    const error = failed((await session.ended) as ServiceError);
    expect(error).toMatchObject({ code: status.ABORTED, reason: 'SESSION_TAKEN_UP' });
    expect(closedWith()).toEqual(['anthropic']);
  });

  it('when the service stops: what is under way is answered first', async () => {
    const session = await opened();
    const answerAll = holdAnswers();
    const answer = session.send(RELEASE);
    await expect.poll(() => harness.servicePort.last.request.kind).toBe('release');
    const drained = harness.server.drain(5_000);
    await new Promise(setImmediate);
    expect(closedWith()).toBeUndefined();
    answerAll();
    expect(await answer).toMatchObject({ $case: 'released' });
    const error = failed((await session.ended) as ServiceError);
    expect(error).toMatchObject({ code: status.UNAVAILABLE, reason: 'SHUTTING_DOWN' });
    harness.budgets.close();
    await drained;
  });

  it('when no first message comes', async () => {
    const stream = rawSession();
    const ended = new Promise<ServiceError>((resolve) => stream.on('error', resolve));
    stream.on('data', () => {});
    const tick = setInterval(() => void scheduler.advance(2_000), 5);
    expect(failed(await ended)).toMatchObject({
      code: status.INVALID_ARGUMENT,
      violations: [{ field: 'open', description: expect.stringContaining('10 seconds') }],
    });
    clearInterval(tick);
  });

  it('when its client does not read, with no more than so many answers for it', async () => {
    const session = await opened();
    session.stream.pause();
    const labels = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`label-${at}`, 'x'.repeat(64)]));
    harness.servicePort.answer = () => ({
      kind: 'granted',
      lease: lease({ labels }),
      replayed: false,
      availableTokens: 500,
    });
    for (let call = 0; call < 3_000; call += 1) void session.acquire();
    const tick = setInterval(() => void scheduler.advance(500), 20);
    await expect.poll(closedWith, { timeout: 10_000 }).toEqual(['anthropic']);
    clearInterval(tick);
    // As much as windows and buffers on the way hold, of which nobody here knows that it is not read, and 64.
    expect(harness.servicePort.asked.length).toBeLessThan(1_000);
    session.stream.resume();
    const error = failed((await session.ended) as ServiceError);
    expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: 'QUEUE_FULL' });
    expect(error.message).toContain('unread');
  });

  it('not for a burst that is read, however slowly the first of it', async () => {
    const session = await opened();
    session.stream.pause();
    const all = Array.from({ length: 500 }, () => session.acquire());
    await scheduler.advance(2_500);
    session.stream.resume();
    await Promise.all(all);
    await scheduler.advance(60_000);
    expect(await session.acquire()).toBe(LEASE_ID);
  });
});

describe('bytes that are no call', () => {
  it('fail under their tag where that can be read', async () => {
    const stream = rawSession();
    const answers: SessionResponse[] = [];
    stream.on('data', (bytes: Buffer) => answers.push(SessionResponse.decode(bytes)));
    stream.on('error', () => {});
    stream.write(openBytes());
    // Tag 7, and an `acquire` whose budget id is no UTF-8.
    stream.write(Buffer.of(0x08, 7, 0x1a, 3, 0x0a, 1, 0xff));
    await expect.poll(() => answers.length).toBe(2);
    expect(answers[1]).toMatchObject({
      tag: 7,
      answer: { $case: 'failed', value: { code: status.INVALID_ARGUMENT } },
    });
    stream.cancel();
  });

  it('end the stream where there are too many', async () => {
    const stream = rawSession();
    const ended = new Promise<ServiceError>((resolve) => stream.on('error', resolve));
    stream.on('data', () => {});
    stream.write(openBytes());
    stream.write(Buffer.alloc(64 * 1024 + 1));
    expect(await ended).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: 'Received message larger than max (65537 vs 65536)',
    });
    await expect.poll(closedWith).toEqual(['anthropic']);
  });

  it('end the stream where not', async () => {
    const stream = rawSession();
    const ended = new Promise<ServiceError>((resolve) => stream.on('error', resolve));
    stream.on('data', () => {});
    stream.write(openBytes());
    stream.write(Buffer.of(0xff));
    expect(failed(await ended)).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: 'MALFORMED_MESSAGE',
    });
    expect(closedWith()).toEqual(['anthropic']);
  });
});
