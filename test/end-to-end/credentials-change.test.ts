import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newToken } from '../../src/access/bearer-tokens.js';
import { LeaseState } from '../../src/gen/budgetarbiter/v1/budget.js';
import {
  BudgetAdminServiceClient,
  type ListLeasesResponse,
} from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { BudgetServiceClient } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { metadataOf } from '../support/any-call.js';
import { type Service, startService } from '../support/service.js';
import { SessionClient } from '../support/session-client.js';
import { until, untilTrue } from './support/until.js';

/** Of each of the two principals. */
const SESSIONS = 100;
const ESTIMATE = 10;

const made = {
  ...{ first: newToken(), second: newToken(), third: newToken(), ops: newToken() },
  ...{ old: newToken(), next: newToken() },
};
type Name = keyof typeof made;

let folder: string;
let file: string;
let service: Service;
let clients: BudgetServiceClient[];
let admin: BudgetAdminServiceClient;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'credentials-change-'));
  file = join(folder, 'config.yaml');
  write('first', 'second');
  service = await startService({ env: { CONFIG_FILE: file } });
  // One connection carries 250 calls at once.
  clients = [0, 1].map(() => new BudgetServiceClient(service.grpcAddress, credentials.createInsecure(), OWN));
  admin = new BudgetAdminServiceClient(service.grpcAddress, credentials.createInsecure());
});
afterAll(async () => {
  for (const client of [...(clients ?? []), admin]) client?.close();
  expect(await service?.stop()).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});

const OWN = { 'grpc.use_local_subchannel_pool': 1 };

function write(...names: Name[]): void {
  const entries = names.map(
    (name) =>
      `\n    - {name: ${principalOf(name)}, sha256: ${made[name].sha256}, roles: [{role: ai, budgets: '*', ais: [${ais(name)}]}]}`,
  );
  const ops = `\n    - {name: ops, sha256: ${made.ops.sha256}, roles: [{role: operator, budgets: '*'}]}`;
  const budget = `{cooldown: 0s, max_concurrent: 300, max_concurrent_per_ai: 300, session_grace: 1s, min_estimate: 1,
    max_hourly_percent: 100, max_daily_percent: 100}`;
  writeFileSync(
    `${file}.new`,
    `credentials:\n  tokens:${ops}${entries.join('')}\nbudgets: {anthropic: ${budget}, slow: {session_grace: 1m, cooldown: 0s}}\n`,
  );
  renameSync(`${file}.new`, file);
}

/** Two tokens of one: the old is to be replaced by the next. */
function principalOf(name: Name): string {
  return name === 'old' || name === 'next' ? 'turner' : name;
}

function ais(name: Name): string {
  const principal = principalOf(name);
  return Array.from({ length: SESSIONS }, (_, index) => `${principal}-${index}`).join(', ');
}

interface Held {
  readonly session: SessionClient;
  readonly leaseId: string;
  ended: boolean;
}

async function holdAll(name: Name, client: BudgetServiceClient): Promise<Held[]> {
  return Promise.all(
    Array.from({ length: SESSIONS }, async (_, index) => {
      const session = new SessionClient(client, { token: made[name].token });
      await session.open({ aiId: `${name}-${index}` });
      const held = { session, leaseId: await session.acquire({ estimatedTokens: ESTIMATE }), ended: false };
      void session.ended.then(() => {
        held.ended = true;
      });
      return held;
    }),
  );
}

function leases(): Promise<ListLeasesResponse> {
  return new Promise((resolve, reject) => {
    const request = { budgetId: 'anthropic', includeClosed: true, pageSize: 1_000, pageToken: '' };
    admin.listLeases(
      { ...request, aiId: '' } as never,
      metadataOf({ token: made.ops.token }),
      (error, answer) => (error ? reject(error) : resolve(answer)),
    );
  });
}

it('a credential removed and another added under 200 live sessions: only its own end, no lease is lost or counted twice', async () => {
  const [own, others] = clients as [BudgetServiceClient, BudgetServiceClient];
  const first = await holdAll('first', own);
  const second = await holdAll('second', others);
  write('second', 'third');
  const endings = (await Promise.all(first.map(({ session }) => session.ended))) as ServiceError[];
  expect(new Set(endings.map(({ code }) => code))).toEqual(new Set([status.UNAUTHENTICATED]));
  expect(endings[0]?.details).toContain('the credentials of first that opened this were withdrawn');
  expect(second.filter(({ ended }) => ended)).toEqual([]);
  for (const { session, leaseId } of second) {
    const { lease } = await session.ask('renewed', { $case: 'renew', value: { leaseId } });
    expect(lease?.leaseId).toBe(leaseId);
  }
  const newcomer = new SessionClient(own, { token: made.third.token });
  await newcomer.open({ aiId: 'third-0' });
  await expect(new SessionClient(own, { token: made.first.token }).open()).rejects.toMatchObject({
    code: status.UNAUTHENTICATED,
  });
  // As those of a client that was lost: after the grace they are no longer live, and what they had reserved is presumed spent.
  await untilTrue('the leases of the sessions that ended are closed', async () => {
    const all = (await leases()).leases;
    const live = all.filter(({ state }) => state === LeaseState.LEASE_STATE_LIVE);
    return all.length === 2 * SESSIONS && live.length === SESSIONS;
  });
  const byAi = new Map<string, number>();
  for (const { aiId } of (await leases()).leases) byAi.set(aiId, (byAi.get(aiId) ?? 0) + 1);
  expect([...byAi.values()].every((count) => count === 1)).toBe(true);
  const presumed = (await leases()).leases.reduce((sum, lease) => sum + lease.presumedTokens, 0);
  expect(presumed).toBe(SESSIONS * ESTIMATE);
  for (const { session, leaseId } of second) {
    await session.ask('released', { $case: 'release', value: { leaseId } });
  }
  newcomer.stream.end();
});

it('a token that is replaced hands its sessions over to the next, with their leases', async () => {
  const [client] = clients as [BudgetServiceClient];
  write('old', 'next');
  process.kill(service.pid, 'SIGHUP');
  const open = { budgetId: 'slow', aiId: 'turner-0' };
  const begin = (name: Name, more = {}) => {
    const session = new SessionClient(client, { token: made[name].token });
    return session.open({ ...open, ...more }).then((opened) => ({ session, ...opened }));
  };
  const { session, sessionId } = await until('the old token counts', () => begin('old'));
  const leaseId = await session.acquire({ estimatedTokens: ESTIMATE });
  write('next');
  expect(await session.ended).toMatchObject({ code: status.UNAUTHENTICATED });
  const { session: again, leases: taken } = await begin('next', { sessionId });
  expect(taken).toMatchObject([{ leaseId }]);
  await again.ask('released', { $case: 'release', value: { leaseId } });
  again.stream.end();
});

it('SIGHUP reads it at once, and says what a restart would change; the service lives on', async () => {
  const text = readFileSync(file, 'utf8').replace('budgets: {', 'budgets: {openai: {}, ');
  writeFileSync(file, text);
  process.kill(service.pid, 'SIGHUP');
  const line = 'a restart would add budget openai, unless the store has one of that name';
  await untilTrue('the line is there', () => service.logs.some(({ msg }) => msg === line));
  const ready = await fetch(`http://${service.httpAddress}/readyz`);
  expect(ready.status).toBe(200);
});

it('a wrong file changes nothing, is told once, and leaves the service ready', async () => {
  writeFileSync(file, 'credentials: [');
  const told = () => service.logs.filter(({ msg }) => String(msg).startsWith('CONFIG_FILE is not used'));
  await untilTrue('it is told', () => told().length > 0);
  const response = await fetch(`http://${service.httpAddress}/metrics`, {
    headers: { authorization: `Bearer ${made.ops.token}` },
  });
  expect(await response.text()).toContain('budget_arbiter_config_last_read_successful 0');
  expect((await fetch(`http://${service.httpAddress}/readyz`)).status).toBe(200);
  expect(told()).toHaveLength(1);
});
