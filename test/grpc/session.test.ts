import { compressionAlgorithms, credentials, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArbiterError } from '../../src/arbiter/service-port.js';
import type { OutcomeOf } from '../../src/domain/model/outcomes.js';
import { BudgetServiceClient, Unreported } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { BadRequest, ErrorInfo } from '../../src/gen/google/rpc/error_details.js';
import type { Status } from '../../src/gen/google/rpc/status.js';
import { LEASE_ID, lease } from '../support/samples.js';
import { SessionClient } from '../support/session-client.js';
import { failed, type Harness, startHarness } from './support/harness.js';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.stop());

const TOO_MANY_CALLS = { usageId: 'u', calls: 10_001 };
const begin = () => new SessionClient(harness.budgets);
async function opened(request = {}): Promise<SessionClient> {
  const session = begin();
  await session.open(request);
  return session;
}
const detail = ({ details }: Status, type: string) =>
  details.find(({ typeUrl }) => typeUrl.endsWith(type))?.value ?? Buffer.alloc(0);
const reasonOf = (failure: Status) => ErrorInfo.decode(detail(failure, 'ErrorInfo')).reason;
const fieldsOf = (failure: Status) =>
  BadRequest.decode(detail(failure, 'BadRequest')).fieldViolations.map(({ field }) => field);

describe('the first message', () => {
  it('begins a session with an id of the server', async () => {
    const session = begin();
    expect(await session.open()).toEqual({ sessionId: 'nonce-1', leases: [] });
    expect(harness.servicePort.sessions[0]?.request).toEqual({
      aiId: 'guardian',
      session: { id: 'nonce-1', owner: '', stream: 'nonce-1' },
      budgetIds: ['anthropic'],
    });
  });

  it("without an AI is a gateway's", async () => {
    const session = await opened({ aiId: '' });
    expect(harness.servicePort.sessions[0]?.request.aiId).toBeUndefined();
    for (const aiId of ['guardian', 'sandbox']) {
      expect(await session.acquire({ aiId })).toBe(LEASE_ID);
      expect(harness.servicePort.last.request).toMatchObject({ aiId, session: { id: 'nonce-1' } });
    }
    const unnamed = await session.ask('failed', { $case: 'acquire', value: {} });
    expect(fieldsOf(unnamed)).toEqual(['ai_id']);
    const subject = { $case: 'unleased', value: { budgetId: '', aiId: '' } } as const;
    const usage = { usageId: 'u' } as never;
    const unknown = await session.ask('failed', { $case: 'record', value: { subject, usage } });
    expect(fieldsOf(unknown)).toEqual(['unleased.ai_id']);
  });

  it('takes a session up, in each of its budgets', async () => {
    harness.servicePort.answer = () => ({ kind: 'carried-leases', leases: [lease({ sessionId: 'mine' })] });
    const session = begin();
    const answer = await session.open({ sessionId: 'mine', otherBudgetIds: ['openai', 'anthropic'] });
    expect(answer).toMatchObject({
      sessionId: 'mine',
      leases: [{ leaseId: LEASE_ID, sessionId: 'mine' }, {}],
    });
    expect(harness.servicePort.sessions[0]?.request).toMatchObject({
      session: { id: 'mine' },
      budgetIds: ['anthropic', 'openai'],
    });
  });

  it.each([
    ['a budget', { budgetId: '' }, 'open.budget_id'],
    ['an AI', { aiId: 'two words' }, 'open.ai_id'],
    ['a session id', { sessionId: 'not mine' }, 'open.session_id'],
    ['another budget', { otherBudgetIds: ['A'] }, 'open.other_budget_ids'],
    ['so many budgets', { otherBudgetIds: Array(17).fill('b') }, 'open.other_budget_ids'],
  ])('names %s rightly', async (_, request, field) => {
    const error = await begin()
      .open(request)
      .catch((failure) => failed(failure));
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, violations: [{ field }] });
  });

  it('is no call', async () => {
    const session = begin();
    void session.send({ $case: 'release', value: { leaseId: LEASE_ID } });
    expect(failed((await session.ended) as never)).toMatchObject({
      code: status.INVALID_ARGUMENT,
      violations: [{ field: 'open', description: expect.stringContaining('first message') }],
    });
    expect(harness.servicePort.asked).toEqual([]);
  });

  it('names a budget that exists', async () => {
    harness.servicePort.refuse({ reason: 'BUDGET_NOT_FOUND', budgetId: 'anthropic' });
    await expect(begin().open()).rejects.toMatchObject({ code: status.NOT_FOUND });
  });
});

describe('calls', () => {
  it('may be compressed', async () => {
    const options = { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip };
    const address = `127.0.0.1:${harness.port}`;
    const client = new BudgetServiceClient(address, credentials.createInsecure(), options);
    const session = new SessionClient(client);
    await session.open();
    expect(await Promise.all([session.acquire(), session.acquire()])).toEqual([LEASE_ID, LEASE_ID]);
    session.stream.end();
    expect(await session.ended).toBeUndefined();
    client.close();
  });

  it('are answered as calls of their own are, with the defaults of the session', async () => {
    const session = await opened();
    expect(await session.acquire()).toBe(LEASE_ID);
    expect(harness.servicePort.last).toMatchObject({
      budgetId: 'anthropic',
      request: { aiId: 'guardian', requestId: 'made-1', session: { id: 'nonce-1' } },
    });
    await session.acquire({ budgetId: 'openai', aiId: 'guardian', estimatedTokens: 300, atLeastTokens: 20 });
    expect(harness.servicePort.last.request).toMatchObject({ estimatedTokens: 300, atLeastTokens: 20 });
    expect(harness.servicePort.last.budgetId).toBe('openai');
    const renewed = await session.ask('renewed', { $case: 'renew', value: { leaseId: LEASE_ID } });
    expect(renewed.lease?.leaseId).toBe(LEASE_ID);
    const subject = { $case: 'unleased', value: { budgetId: '', aiId: '' } } as const;
    const usage = { usageId: 'u' } as never;
    await session.ask('recorded', { $case: 'record', value: { subject, usage } });
    expect(harness.servicePort.last).toMatchObject({ budgetId: 'anthropic', request: { aiId: 'guardian' } });
    const released = await session.ask('released', { $case: 'release', value: { leaseId: LEASE_ID } });
    expect(released.usedTokens).toBe(30);
  });

  it('say all that calls of their own can say, and are checked as they are', async () => {
    const session = await opened();
    const expected = { inputTokens: 20, outputTokens: 4 } as never;
    await session.acquire({ model: 'claude-opus-4-5', expected });
    const request = { model: 'claude-opus-4-5', expected: { input: 20, output: 4 } };
    expect(harness.servicePort.last.request).toMatchObject(request);
    const unused = { leaseId: LEASE_ID, unreported: Unreported.UNREPORTED_UNUSED };
    await session.ask('released', { $case: 'release', value: unused });
    expect(harness.servicePort.last.request).toMatchObject({ unreported: 'UNUSED' });
    const wrong = { model: '(other)', estimatedTokens: 1, expected, atLeastTokens: 2 };
    const failure = await session.ask('failed', { $case: 'acquire', value: wrong });
    expect(fieldsOf(failure)).toEqual(['expected', 'at_least_tokens', 'model']);
  });

  it('are answered as they are ready, in any order', async () => {
    const session = await opened();
    const answers: ((outcome: OutcomeOf['release']) => void)[] = [];
    harness.servicePort.answer = () => new Promise((resolve) => answers.push(resolve as never));
    const all = [1, 2, 3].map(() => session.send({ $case: 'release', value: { leaseId: LEASE_ID } }));
    await expect.poll(() => answers.length).toBe(3);
    const outcome = {
      kind: 'released',
      usedTokens: 1,
      freedTokens: 0,
      overrunTokens: 0,
      replayed: false,
    } as const;
    for (const answer of answers.reverse()) {
      answer(outcome);
      await new Promise(setImmediate);
    }
    await Promise.all(all);
    expect(session.tags).toEqual([1, 4, 3, 2]);
  });

  it('that fail are answered with their status, and the stream goes on', async () => {
    const session = await opened();
    const release = { $case: 'release', value: { leaseId: LEASE_ID } } as const;
    harness.servicePort.refuse({ reason: 'LEASE_NOT_FOUND', leaseId: LEASE_ID });
    const missing = await session.ask('failed', release);
    expect(missing.code).toBe(status.NOT_FOUND);
    expect(reasonOf(missing)).toBe('LEASE_NOT_FOUND');
    harness.servicePort.fail(new ArbiterError('STORE_UNAVAILABLE', 'away', 1_000));
    expect(await session.ask('failed', release)).toMatchObject({ code: status.UNAVAILABLE, message: 'away' });
    harness.servicePort.fail(new Error('secret'));
    const unforeseen = await session.ask('failed', release);
    expect(unforeseen.code).toBe(status.INTERNAL);
    expect(unforeseen.message).not.toContain('secret');
    harness.servicePort.answer = undefined;
    expect(await session.acquire()).toBe(LEASE_ID);
  });

  it.each([
    ['of another AI', { $case: 'acquire', value: { aiId: 'other' } }, 'acquire.ai_id'],
    ['with a bad field', { $case: 'acquire', value: { estimatedTokens: -1 } }, 'estimated_tokens'],
    [
      'of more calls than a report may be about',
      { $case: 'record', value: { subject: { $case: 'leaseId', value: LEASE_ID }, usage: TOO_MANY_CALLS } },
      'usage.calls',
    ],
    ['that open again', { $case: 'open', value: {} }, 'open'],
    ['that are none', undefined, 'call'],
  ] as const)('%s fail alone', async (_, call, field) => {
    const session = await opened();
    const answer = await session.send(call as never);
    expect(answer).toMatchObject({ $case: 'failed', value: { code: status.INVALID_ARGUMENT } });
    expect(fieldsOf(answer.value as Status)).toEqual([field]);
    expect(await session.acquire()).toBe(LEASE_ID);
  });

  it('spend no more budgets than a session can be taken up in', async () => {
    const session = await opened();
    for (let at = 1; at <= 16; at += 1) await session.acquire({ budgetId: `budget-${at}` });
    const failure = await session.ask('failed', { $case: 'acquire', value: { budgetId: 'one-more' } });
    expect(fieldsOf(failure)).toEqual(['acquire.budget_id']);
    await session.acquire({ budgetId: 'budget-16' });
  });

  it.each([
    ['of an AI', 'guardian', []],
    ['of a gateway, for each AI', '', ['sandbox', 'lab']],
  ])('that wait leave nothing behind, and are bounded: %s', async (_, ofSession, others) => {
    const session = await opened({ aiId: ofSession });
    const aiId = 'guardian';
    const answers: (() => void)[] = [];
    harness.servicePort.answer = (request, caller) => {
      if (request.kind !== 'acquire') return { kind: 'done' } as never;
      caller.onGone(() => {});
      return new Promise((resolve) =>
        answers.push(() =>
          resolve({ kind: 'granted', lease: lease(), replayed: false, availableTokens: 500 }),
        ),
      );
    };
    const wait = { seconds: 9, nanos: 0 };
    const waiting = Array.from({ length: 64 }, () => session.acquire({ aiId, wait }));
    waiting.push(...others.map((other) => session.acquire({ aiId: other, wait })));
    await expect.poll(() => answers.length).toBe(64 + others.length);
    const failure = await session.ask('failed', { $case: 'acquire', value: { aiId, wait } });
    expect(reasonOf(failure)).toBe('QUEUE_FULL');
    for (const answer of answers) answer();
    await Promise.all(waiting);
    harness.servicePort.answer = undefined;
    expect(await session.acquire({ aiId, wait })).toBe(LEASE_ID);
  });
});
