import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { credentials, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { newToken } from '../../src/access/bearer-tokens.js';
import { BudgetServiceClient } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { failed } from '../grpc/support/harness.js';
import { type Service, startService } from '../support/service.js';
import { SessionClient } from '../support/session-client.js';

/** Two principals may act as the same AI: a session is the one's that opened it. */
const ROLES = {
  guardian: '{role: ai, budgets: anthropic, ais: [guardian]}',
  twin: '{role: ai, budgets: anthropic, ais: [guardian]}',
  sandbox: '{role: ai, budgets: anthropic, ais: [sandbox]}',
  gateway: '{role: ai, budgets: anthropic, ais: [sandbox, lab]}',
  operator: "{role: operator, budgets: '*'}",
};
type Name = keyof typeof ROLES;
const names = Object.keys(ROLES) as Name[];
const made = new Map(names.map((name) => [name, newToken()]));

let folder: string;
let service: Service;
let client: BudgetServiceClient;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'arbiter-session-'));
  const entry = (name: Name) => `
    - name: ${name}
      sha256: ${made.get(name)?.sha256}
      roles: [${ROLES[name]}]`;
  const file = path.join(folder, 'config.yaml');
  await writeFile(
    file,
    `credentials:\n  tokens:${names.map(entry).join('')}\nbudgets: {anthropic: {cooldown: 0s, max_concurrent: 100}}\n`,
  );
  service = await startService({ env: { CONFIG_FILE: file } });
  client = new BudgetServiceClient(service.grpcAddress, credentials.createInsecure());
});
afterAll(async () => {
  client?.close();
  await service?.stop();
  await rm(folder, { recursive: true, force: true });
});

const begin = (name: Name) => new SessionClient(client, { token: made.get(name)?.token ?? '' });

let session: SessionClient;
let sessionId: string;
let leaseId: string;
beforeEach(async () => {
  session = begin('guardian');
  sessionId = (await session.open()).sessionId;
  leaseId = await session.acquire({ estimatedTokens: 1 });
  return async () => {
    await session.send({ $case: 'release', value: { leaseId } });
    session.stream.end();
  };
});

it('the principal that opened a session takes it up, and its old stream ends', async () => {
  const again = begin('guardian');
  expect((await again.open({ sessionId })).leases).toMatchObject([{ leaseId }]);
  expect(failed((await session.ended) as never)).toMatchObject({
    code: status.ABORTED,
    reason: 'SESSION_TAKEN_UP',
  });
  session = again;
});

it.each(['twin', 'operator'] as const)(
  '%s, who knows its id and may act as its AI, finds nothing',
  async (name) => {
    const thief = begin(name);
    expect((await thief.open({ sessionId })).leases).toEqual([]);
    thief.stream.end();
    await thief.ended;
    const renewed = await session.ask('renewed', { $case: 'renew', value: { leaseId } });
    expect(renewed.lease).toMatchObject({ leaseId, sessionId });
  },
);

it('who may not act as its AI gets no session of it, and no answer about its leases', async () => {
  await expect(begin('sandbox').open({ sessionId })).rejects.toMatchObject({
    code: status.PERMISSION_DENIED,
  });
  const own = begin('sandbox');
  await own.open({ aiId: 'sandbox' });
  const failure = await own.ask('failed', { $case: 'release', value: { leaseId } });
  expect(failure.code).toBe(status.NOT_FOUND);
  own.stream.end();
});

it('a gateway acts as its AIs on one session, and goes on with the slots of all of them', async () => {
  const gateway = begin('gateway');
  const { sessionId: its } = await gateway.open({ aiId: '' });
  const slots = [await gateway.acquire({ aiId: 'sandbox' }), await gateway.acquire({ aiId: 'lab' })];
  const foreign = await gateway.ask('failed', { $case: 'acquire', value: { aiId: 'guardian' } });
  expect(foreign.code).toBe(status.PERMISSION_DENIED);
  const notIts = await gateway.ask('failed', { $case: 'renew', value: { leaseId } });
  expect(notIts.code).toBe(status.NOT_FOUND);
  const again = begin('gateway');
  const { leases } = await again.open({ aiId: '', sessionId: its });
  expect(leases.map((lease) => lease.leaseId)).toEqual(slots);
  expect(failed((await gateway.ended) as never).reason).toBe('SESSION_TAKEN_UP');
  const thief = begin('operator');
  expect((await thief.open({ aiId: '', sessionId: its })).leases).toEqual([]);
  thief.stream.end();
  for (const slot of slots) await again.ask('released', { $case: 'release', value: { leaseId: slot } });
  again.stream.end();
});

it('who shows no token gets no session', async () => {
  await expect(new SessionClient(client).open()).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
});
