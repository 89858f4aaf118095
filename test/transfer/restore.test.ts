import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnEveryStore, type Place } from '../end-to-end/support/places.js';
import { LoadedClients } from '../support/loaded-client.js';
import { ROOMY_MESSAGE } from '../support/policies.js';
import { type Service, startService } from '../support/service.js';
import { runCommand } from './support/command.js';
import { temporaryFolder } from './support/stores.js';

interface Granted {
  readonly granted: { readonly lease: { readonly lease_id: string; readonly fence: number } };
}
interface Recorded {
  readonly charged_tokens: number;
  readonly replayed: boolean;
}

const BUDGET = 'kept';
const BEFORE = 200;

/** The same kind of store at another place: a folder beside it, or another database. */
function besides({ env, mongo }: Place, name: string): Record<string, string> {
  if (mongo === undefined) return { DATA_DIR: `${env['DATA_DIR']}-${name}` };
  return { MONGODB_URI: mongo.uri, MONGODB_DATABASE: `${mongo.database}_${name}` };
}

async function remove(env: Readonly<Record<string, string>>): Promise<void> {
  const { MONGODB_URI: uri, MONGODB_DATABASE: database, DATA_DIR: folder } = env;
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  if (uri === undefined || database === undefined) return;
  const client = new MongoClient(uri);
  await client.db(database).dropDatabase();
  await client.close();
}

describeOnEveryStore('a backup that is made under load, and brought back', (place) => {
  const folder = temporaryFolder(afterAll);
  const backup = join(folder, 'backup');
  let lost: Service;
  let clients: LoadedClients;
  let held: Granted['granted']['lease'];
  let after: Granted['granted']['lease'];
  let acknowledged = 0;

  const record = (usageId: string, to = clients) =>
    to.call<Recorded>('RecordUsage', {
      unleased: { budget_id: BUDGET, ai_id: 'worker' },
      usage: { usage_id: usageId, tokens: { total_tokens: 1 }, model: 'gpt-4.1' },
    });
  const acquire = async (aiId: string, to = clients) =>
    (
      await to.call<Granted>('AcquireSlot', {
        ...{ budget_id: BUDGET, ai_id: aiId, estimated_tokens: 1_000, request_id: `request-of-${aiId}` },
      })
    ).granted.lease;
  const spent = async (restored: LoadedClients, model: string) => {
    const query = { budget_id: BUDGET, group_by: 'USAGE_GROUPING_MODEL' };
    const { rows } = await restored.admin<{ rows: { key: string; tokens: number }[] }>('ListUsage', query);
    return rows.find(({ key }) => key === model)?.tokens ?? 0;
  };

  beforeAll(async () => {
    lost = await startService({ env: { ...place.env } });
    clients = new LoadedClients(lost.grpcAddress);
    await clients.admin('CreateBudget', { budget_id: BUDGET, policy: ROOMY_MESSAGE });
    held = await acquire('holder');
    for (let at = 0; at < BEFORE; at += 1) await record(`before-${at}`);
  });
  afterAll(async () => {
    clients?.close();
    await lost?.kill().catch(() => undefined);
    for (const name of ['first', 'second']) await remove(besides(place, name));
  });

  it('holds all that was acknowledged before it, while the service goes on', async () => {
    let working = true;
    const load = (async () => {
      for (; working; acknowledged += 1) await record(`during-${acknowledged}`);
    })();
    const ran = await runCommand(['backup', '--to', backup], { ...place.env });
    working = false;
    await load;
    expect(ran).toMatchObject({ code: 0, err: '' });
    console.info(`${acknowledged} reports were acknowledged while the backup was made`);
    expect(acknowledged).toBeGreaterThan(0);
    after = await acquire('later');
    await lost.kill();
  });

  it('is not served from as it is, and no half restore is either', async () => {
    const direct = await runCommand(['serve'], {
      DATA_DIR: backup,
      GRPC_ADDRESS: '127.0.0.1:0',
      HTTP_ADDRESS: '127.0.0.1:0',
    });
    expect(direct).toMatchObject({ code: 1, err: expect.stringContaining('it is a backup of') });
    const env = besides(place, 'first');
    const killed = await runCommand(['restore', '--from', backup], env, 1);
    expect(killed.code).toBeNull();
    const half = await runCommand(['serve'], {
      ...env,
      GRPC_ADDRESS: '127.0.0.1:0',
      HTTP_ADDRESS: '127.0.0.1:0',
    });
    expect(half).toMatchObject({ code: 1, err: expect.stringContaining('run the same') });
  });

  it('books nothing twice, and grants above all that was granted since, after every restore', async () => {
    const epochs: string[] = [];
    for (const name of ['first', 'second']) {
      const env = besides(place, name);
      const ran = await runCommand(['restore', '--from', backup], env);
      expect(ran).toMatchObject({ code: 0, err: '' });
      const service = await startService({ env });
      const restored = new LoadedClients(service.grpcAddress);
      try {
        expect(await record('before-0', restored)).toMatchObject({ replayed: true, charged_tokens: 1 });
        const tokens = await spent(restored, 'gpt-4.1');
        expect(tokens).toBeGreaterThanOrEqual(BEFORE);
        expect(tokens).toBeLessThanOrEqual(BEFORE + acknowledged);
        // Who held a slot is not known: what it had reserved is presumed.
        expect(await spent(restored, '(unknown)')).toBe(1_000);
        await reportsAreBookedOnce(restored);
        const lease = await acquire('next', restored);
        expect(lease.fence).toBeGreaterThan(after.fence);
        epochs.push(lease.lease_id.split(':')[1] ?? '');
      } finally {
        restored.close();
        expect(await service.stop()).toBe(0);
      }
    }
    expect(new Set([...epochs, '1']).size).toBe(3);
  });

  /** Each message is taken at its word, and each report tried in every way. */
  async function reportsAreBookedOnce(restored: LoadedClients): Promise<void> {
    const usage = (usage_id: string, total_tokens: number) => ({
      ...{ usage_id, tokens: { total_tokens }, model: 'reported' },
    });
    const inEveryWay = (aiId: string, leaseId: string, of: object) => {
      const onLease = () => restored.call<Recorded>('RecordUsage', { lease_id: leaseId, usage: of });
      const unleased = () =>
        restored.call<Recorded>('RecordUsage', { unleased: { budget_id: BUDGET, ai_id: aiId }, usage: of });
      return { onLease, unleased };
    };
    // What the backup knows: its lease is over, and says how to report.
    const closed = 'can still be reported with RecordUsage';
    await expect(restored.call('RenewSlot', { lease_id: held.lease_id })).rejects.toThrow(closed);
    await expect(acquire('holder', restored)).rejects.toThrow(closed);
    const known = inEveryWay('holder', held.lease_id, usage('known-1', 400));
    expect(await known.onLease()).toMatchObject({ charged_tokens: 400, late: true, replayed: false });
    expect(await known.onLease()).toMatchObject({ charged_tokens: 400, replayed: true });
    expect(await known.unleased()).toMatchObject({ charged_tokens: 400, replayed: true });
    expect(await spent(restored, '(unknown)')).toBe(600);
    const release = { lease_id: held.lease_id, usage: usage('known-2', 100) };
    expect(await restored.call('Release', release)).toMatchObject({ freed_tokens: 500, replayed: false });
    expect(await restored.call('Release', release)).toMatchObject({ freed_tokens: 500, replayed: true });
    const released = inEveryWay('holder', held.lease_id, usage('known-2', 100));
    expect(await released.unleased()).toMatchObject({ replayed: true });
    expect(await released.onLease()).toMatchObject({ replayed: true });
    expect([await spent(restored, '(unknown)'), await spent(restored, 'reported')]).toEqual([0, 500]);
    // What it does not know: the lease is not found, and its usage goes in as unleased, once.
    const unknown = inEveryWay('later', after.lease_id, usage('unknown-1', 70));
    await expect(unknown.onLease()).rejects.toThrow('report what it spent as unleased usage');
    const lost = { lease_id: after.lease_id, usage: usage('unknown-1', 70) };
    await expect(restored.call('Release', lost)).rejects.toThrow('report what it spent as unleased usage');
    expect(await unknown.unleased()).toMatchObject({ charged_tokens: 70, replayed: false });
    expect(await unknown.unleased()).toMatchObject({ charged_tokens: 70, replayed: true });
    expect(await spent(restored, 'reported')).toBe(570);
  }

  it('may be put back by other means, and then be made ready in place', async () => {
    const env = besides(place, 'second');
    const ran = await runCommand(['restore', '--in-place'], env);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toContain('leases of that time ended');
    const service = await startService({ env });
    const restored = new LoadedClients(service.grpcAddress);
    expect(await record('before-1', restored)).toMatchObject({ replayed: true });
    restored.close();
    expect(await service.stop()).toBe(0);
  });
});
