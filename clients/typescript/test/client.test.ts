import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FaultyProxy } from '../../../test/support/faulty-proxy.js';
import { LoadedClients } from '../../../test/support/loaded-client.js';
import { type Service, startService } from '../../../test/support/service.js';
import { BudgetClient, type BudgetClientOptions, type Slot } from '../src/index.js';

const GRACE_S = 1;
const REPORT = { input: 100, output: 50 };

let service: Service;
let admin: LoadedClients;
let proxy: FaultyProxy;
let budget: string;
let made = 0;
const clients: BudgetClient[] = [];

beforeAll(async () => {
  service = await startService();
  admin = new LoadedClients(service.grpcAddress);
  proxy = await FaultyProxy.start('127.0.0.1', Number(service.grpcAddress.split(':')[1]));
});
afterAll(async () => {
  admin?.close();
  await proxy?.stop();
  await service?.stop();
});
beforeEach(async () => {
  made += 1;
  budget = `budget-${made}`;
  await create(budget);
  proxy.line = 'open';
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close(2)));
});

const create = (budgetId: string, policy: object = {}) =>
  admin.admin('CreateBudget', {
    budget_id: budgetId,
    preset: 'PRESET_CALLS',
    policy: { monthly_limit: 1_000_000_000, session_grace: { seconds: GRACE_S }, ...policy },
  });
function open(options: BudgetClientOptions = {}): BudgetClient {
  const client = new BudgetClient({
    ...{ address: service.grpcAddress, budget, ai: 'guardian', patience: 20, logger: SILENT },
    ...options,
  });
  clients.push(client);
  return client;
}
const SILENT = { warn: () => {}, error: () => {} };
interface Books {
  readonly tokens: number;
  readonly presumed: number;
  readonly calls: number;
  readonly failed: number;
  readonly live: number;
}
async function books(of = budget): Promise<Books> {
  const { distribution_stats: stats } = await admin.call<Distribution>('GetDistribution', { budget_id: of });
  return {
    tokens: Number(stats.monthly_distribution.total_tokens),
    presumed: Number(stats.presumed_tokens),
    calls: Number(stats.calls),
    failed: Number(stats.failed_calls),
    live: stats.rate_limiting_status.active_requests,
  };
}
interface Distribution {
  readonly distribution_stats: {
    readonly monthly_distribution: { readonly total_tokens: string };
    readonly rate_limiting_status: { readonly active_requests: number };
    readonly presumed_tokens: string;
    readonly calls: string;
    readonly failed_calls: string;
  };
}
const NOTHING = { tokens: 0, presumed: 0, calls: 0, failed: 0, live: 0 };
const httpError = (status: number) => Object.assign(new Error(`answered ${status}`), { status });
const report = (slot: Slot) => void slot.report(REPORT);
const fail = (error: unknown) => () => {
  throw error;
};

describe.each(['session', 'unary'] as const)('a slot, by %s', (transport) => {
  it.each<[string, (slot: Slot) => void, Partial<Books>]>([
    ['a result with usage', report, { tokens: 150, calls: 1 }],
    [
      'several reports',
      (slot) => {
        for (const _ of [1, 2, 3]) report(slot);
      },
      { tokens: 450, calls: 3 },
    ],
    ['a result without usage', () => {}, { tokens: 1_000, presumed: 1_000 }],
    ['a result of no vendor', (slot) => slot.unused(), {}],
    ['a refusal of the vendor', fail(httpError(429)), { calls: 1, failed: 1 }],
    [
      'a vendor that was not reached',
      fail(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })),
      { calls: 1, failed: 1 },
    ],
    [
      'a cancellation',
      fail(new DOMException('stop', 'AbortError')),
      { tokens: 1_000, presumed: 1_000, calls: 1, failed: 1 },
    ],
    ['an error of its own', fail(new Error('bug')), { calls: 1, failed: 1 }],
    [
      'an error after a report',
      (slot) => {
        report(slot);
        throw new Error('bug');
      },
      { tokens: 150, calls: 1 },
    ],
  ])('that ends by %s is settled', async (_, work, expected) => {
    const client = open({ transport });
    await client.withSlot({ estimate: 1_000 }, work).catch(() => {});
    expect(await client.flush()).toBe(true);
    expect(await books()).toEqual({ ...NOTHING, ...expected });
  });

  it('says what was charged and what had refused it, once it is settled', async () => {
    budget += '-cooldown';
    await create(budget, { cooldown: { seconds: 1 } });
    const client = open({ transport, wait: 0 });
    const take = () =>
      client.withSlot({ estimate: 1_000 }, (slot) => {
        report(slot);
        report(slot);
        return slot;
      });
    const slots = [await take(), await take()];
    await client.flush();
    expect(slots.map(({ charged }) => charged)).toEqual([300, 300]);
    expect(slots.map(({ deniedRules }) => deniedRules)).toEqual([[], ['COOLDOWN']]);
  });

  it('is told what was reported in it by a flush while it is held, and an id of its own is booked once', async () => {
    const client = open({ transport });
    const slot = await client.acquire({ estimate: 1_000 });
    expect(slot.charged).toBeUndefined();
    slot.report(REPORT, { usageId: 'mine' });
    expect(await client.flush()).toBe(true);
    expect(slot.charged).toBe(150);
    slot.report(REPORT, { usageId: 'mine' });
    await slot.end();
    expect(await client.flush()).toBe(true);
    expect(slot.charged).toBe(150);
    expect(await books()).toEqual({ ...NOTHING, tokens: 150, calls: 1 });
  });

  it('is given back unused when its caller goes while it waits, and as it is granted', async () => {
    budget += '-one';
    await create(budget, { max_concurrent: 1 });
    const client = open({ transport });
    const held = await client.acquire({ ai: 'holder', estimate: 1_000 });
    const goes = new AbortController();
    const waiting = client.acquire({ estimate: 1_000, signal: goes.signal });
    setTimeout(() => goes.abort(), 50);
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    held.report(REPORT);
    await held.end();
    await client.withSlot({ estimate: 1_000 }, report);
    await client.flush();
    expect(await books()).toEqual({ ...NOTHING, tokens: 300, calls: 2 });
  });

  it('waits for its turn among 200 on 3 slots', async () => {
    await create(`${budget}-crowd`, { max_concurrent: 3 });
    const client = open({ transport, budget: `${budget}-crowd`, patience: 60 });
    let [now, most] = [0, 0];
    const call = (slot: Slot) => {
      now += 1;
      most = Math.max(most, now);
      report(slot);
      return new Promise<void>((resolve) =>
        setTimeout(() => {
          now -= 1;
          resolve();
        }, 2),
      );
    };
    await Promise.all(Array.from({ length: 200 }, () => client.withSlot({ estimate: 1_000 }, call)));
    await client.flush();
    expect(most).toBe(3);
    expect(await books(`${budget}-crowd`)).toEqual({ ...NOTHING, tokens: 30_000, calls: 200 });
  });

  it('outlives a line that is cut, and books what it cost', async () => {
    const client = open({ transport, address: `127.0.0.1:${proxy.port}` });
    const slot = await client.acquire({ estimate: 1_000 });
    proxy.line = 'cut';
    slot.report(REPORT);
    await slot.end();
    proxy.line = 'open';
    expect(await client.flush()).toBe(true);
    expect(await books()).toEqual({ ...NOTHING, tokens: 150, calls: 1 });
  });
});

describe('a heartbeat', () => {
  it('keeps a slot beyond its time to live, until it is given back', async () => {
    // So long that a busy machine delays no heartbeat by as much.
    await create(`${budget}-short`, { lease_ttl: { seconds: 4 } });
    const client = open({ transport: 'unary', budget: `${budget}-short` });
    const slot = await client.acquire({ estimate: 1_000 });
    const expiresAt = () =>
      admin
        .admin<{ leases: { expires_at: { seconds: string } }[] }>('ListLeases', {
          budget_id: `${budget}-short`,
        })
        .then(({ leases }) => Number(leases[0]?.expires_at.seconds));
    const first = await expiresAt();
    await expect.poll(expiresAt, { timeout: 10_000 }).toBeGreaterThan(first + 4);
    expect(slot.lost.aborted).toBe(false);
    slot.report(REPORT);
    await slot.end();
    await client.flush();
    expect(await books(`${budget}-short`)).toEqual({ ...NOTHING, tokens: 150, calls: 1 });
  });

  it('tells of a slot that was lost', async () => {
    await create(`${budget}-short`, { lease_ttl: { seconds: 1 } });
    const client = open({ transport: 'unary', budget: `${budget}-short` });
    const slot = await client.acquire({ estimate: 1_000 });
    await admin.admin('RevokeLease', { lease_id: slot.lease?.leaseId });
    await expect.poll(() => slot.lost.aborted, { timeout: 5_000 }).toBe(true);
    expect(slot.lost.reason).toMatchObject({ name: 'SlotLost' });
  });
});

describe('a session', () => {
  it('keeps its slots over a line that is cut, longer than the grace', async () => {
    const client = open({ address: `127.0.0.1:${proxy.port}` });
    const slot = await client.acquire({ estimate: 1_000 });
    proxy.line = 'cut';
    proxy.line = 'open';
    await new Promise((resolve) => setTimeout(resolve, GRACE_S * 1_000 + 700));
    expect(slot.lost.aborted).toBe(false);
    expect(await books()).toMatchObject({ live: 1 });
    slot.report(REPORT);
    await slot.end();
    await client.flush();
    expect(await books()).toEqual({ ...NOTHING, tokens: 150, calls: 1 });
  });

  it('tells of a slot that was lost', async () => {
    const client = open();
    const slot = await client.acquire({ estimate: 1_000 });
    await admin.admin('RevokeLease', { lease_id: slot.lease?.leaseId });
    // It is looked at when the session is taken up.
    const through = open({ address: `127.0.0.1:${proxy.port}` });
    const other = await through.acquire({ estimate: 1_000 });
    await admin.admin('RevokeLease', { lease_id: other.lease?.leaseId });
    proxy.line = 'cut';
    proxy.line = 'open';
    await expect.poll(() => other.lost.aborted, { timeout: 5_000 }).toBe(true);
    expect(other.lost.reason).toMatchObject({ name: 'SlotLost' });
  });

  it('carries each of many AIs and budgets', async () => {
    const client = open();
    const budgets = Array.from({ length: 20 }, (_, at) => `${budget}-${at}`);
    await Promise.all(budgets.map((each) => create(each)));
    await Promise.all(
      budgets.map((each, at) => client.withSlot({ budget: each, ai: `ai-${at}`, estimate: 1_000 }, report)),
    );
    await client.flush();
    for (const each of budgets) expect(await books(each)).toEqual({ ...NOTHING, tokens: 150, calls: 1 });
  });

  it('has no quarrel with a budget that is not there', async () => {
    const client = open();
    const [missing, good] = await Promise.allSettled([
      client.acquire({ budget: 'nowhere', estimate: 1 }),
      client.withSlot({ estimate: 1_000 }, report),
    ]);
    expect(missing).toMatchObject({
      reason: { name: 'ArbiterRefused', code: 'NOT_FOUND', reason: 'BUDGET_NOT_FOUND' },
    });
    expect(good.status).toBe('fulfilled');
  });
});

describe('a denial', () => {
  it('for good is told at once', async () => {
    const denied = open().acquire({ estimate: 1e12 });
    await expect(denied).rejects.toMatchObject({ name: 'SlotDenied', permanent: true });
  });

  it('for longer than the patience is told at once, and after the patience at last', async () => {
    await create(`${budget}-slow`, { cooldown: { seconds: 3_600 } });
    await create(`${budget}-full`, { max_concurrent: 1 });
    const client = open();
    await client.withSlot({ budget: `${budget}-slow`, estimate: 1 }, report);
    const held = await client.acquire({ budget: `${budget}-full`, estimate: 1 });
    const [slow, full] = await Promise.allSettled([
      client.acquire({ budget: `${budget}-slow`, estimate: 1, wait: 1, patience: 60 }),
      client.acquire({ budget: `${budget}-full`, estimate: 1, wait: 0.2, patience: 0.5 }),
    ]);
    expect(slow).toMatchObject({ reason: { rules: ['COOLDOWN'], permanent: false } });
    expect(full).toMatchObject({ reason: { rules: ['CONCURRENCY'], permanent: false } });
    held.unused();
    await held.end();
  });

  it('names budgets that are asked instead, and fewer tokens may be enough', async () => {
    await create(`${budget}-spare`, {
      monthly_limit: 10_000,
      enforced_percent: 100,
      max_daily_percent: 100,
      pacing: 'PACING_NONE',
    });
    await create(`${budget}-main`, {
      max_concurrent: 1,
      fallback_budget_ids: ['nowhere', `${budget}-spare`],
    });
    const client = open({ fallback: true });
    const main = await client.acquire({ budget: `${budget}-main`, estimate: 1 });
    const spare = await client.acquire({ budget: `${budget}-main`, estimate: 20_000, atLeast: 50, wait: 0 });
    expect(spare).toMatchObject({ budget: `${budget}-spare` });
    expect(spare.lease?.reservedTokens).toBeLessThan(20_000);
    for (const slot of [main, spare]) {
      slot.unused();
      await slot.end();
    }
  });
});

describe('while the service is away', () => {
  const AWAY = '127.0.0.1:1';

  it('a request fails after its patience', async () => {
    const asked = open({ address: AWAY, patience: 0.3 }).acquire({ estimate: 1 });
    await expect(asked).rejects.toMatchObject({ name: 'ArbiterUnavailable' });
  });

  it('a call may go on without a slot, and is booked when it is back', async () => {
    proxy.line = 'cut';
    const client = open({ address: `127.0.0.1:${proxy.port}`, patience: 0.3, failOpen: true });
    const leased = await client.withSlot({ estimate: 1_000 }, (slot) => {
      report(slot);
      return slot.lease;
    });
    expect(leased).toBeUndefined();
    proxy.line = 'open';
    expect(await client.flush()).toBe(true);
    expect(await books()).toEqual({ ...NOTHING, tokens: 150, calls: 1 });
  });

  it('a grant whose answer was lost is found by its request', async () => {
    const client = open({
      address: `127.0.0.1:${proxy.port}`,
      timeout: 0.3,
      wait: 0,
      patience: 0.4,
      failOpen: true,
    });
    await client.withSlot({ estimate: 1_000 }, report);
    await client.flush();
    proxy.line = 'silent';
    const slot = await client.acquire({ estimate: 1_000 });
    expect(slot.lease).toBeUndefined();
    proxy.line = 'cut';
    expect(await books()).toMatchObject({ live: 1 });
    slot.report(REPORT);
    await slot.end();
    proxy.line = 'open';
    expect(await client.flush()).toBe(true);
    expect(await books()).toEqual({ ...NOTHING, tokens: 300, calls: 2 });
    const request = { budget_id: budget, include_closed: true };
    const { leases } = await admin.admin<{ leases: { state: string }[] }>('ListLeases', request);
    expect(leases.map(({ state }) => state)).toEqual(['LEASE_STATE_RELEASED', 'LEASE_STATE_RELEASED']);
  });

  it('what is to be settled outlives this process in a journal', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'client-'));
    const journal = path.join(folder, 'journal');
    const address = `127.0.0.1:${proxy.port}`;
    const first = new BudgetClient({ address, budget, ai: 'guardian', journal, logger: SILENT });
    await first.withSlot({ estimate: 1_000 }, (slot) => {
      proxy.line = 'cut';
      report(slot);
    });
    expect(await first.close(0.1)).toBe(1);
    proxy.line = 'open';
    const second = new BudgetClient({ address, budget, ai: 'guardian', journal, logger: SILENT });
    expect(await second.flush()).toBe(true);
    expect(await second.close()).toBe(0);
    expect(await books()).toEqual({ ...NOTHING, tokens: 150, calls: 1 });
    await rm(folder, { recursive: true });
  });
});

it('says what it lacks, and that it is closed', async () => {
  const client = new BudgetClient({ address: service.grpcAddress });
  await expect(client.acquire({ ai: 'a' })).rejects.toThrow('BUDGET_ARBITER_BUDGET');
  await expect(client.acquire({ budget: 'b' })).rejects.toThrow('BUDGET_ARBITER_AI');
  await client.close();
  await expect(client.acquire({ budget, ai: 'a' })).rejects.toMatchObject({ name: 'ClientClosed' });
});
