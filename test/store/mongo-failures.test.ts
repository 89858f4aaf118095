import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openMongoStore } from '../../src/store/mongo/open-mongo-store.js';
import { type BudgetStore, StoreStartError, StoreUnreachable } from '../../src/store/store.js';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { describeMongo, temporaryDatabase } from '../support/mongo.js';
import { patch, usageDay, usageReceipt } from './samples.js';

describeMongo('the MongoDB store on a network that fails', (uri) => {
  const database = temporaryDatabase(uri);
  let direct: BudgetStore;
  let proxy: FaultyProxy;
  let store: BudgetStore;

  beforeAll(async () => {
    direct = await openMongoStore({ uri, database });
    await direct.commit('b', undefined, patch(1));
  });
  afterAll(() => direct.close());
  beforeEach(async () => {
    const before = await FaultyProxy.beforeMongo(uri);
    proxy = before.proxy;
    store = await openMongoStore({ uri: before.uri, database });
  });
  afterEach(async () => {
    await store.close();
    await proxy.stop();
  });

  it('calls a commit unknown when the line is cut behind it, and a look tells what became of it', async () => {
    const expected = await direct.version('b');
    const next = (expected?.revision ?? 0) + 1;
    proxy.line = 'cut-after-request';
    const commit = store.commit('b', expected, patch(next));
    await expect(commit).rejects.toMatchObject({ name: 'StoreError', failure: 'unknown' });
    proxy.line = 'open';
    await expect.poll(() => direct.version('b')).toEqual({ epoch: 1, revision: next });
  });

  it('calls a commit unknown when nobody answers, within seconds', async () => {
    proxy.line = 'silent';
    const commit = store.commit('b', { epoch: 1, revision: 999 }, patch(1_000));
    await expect(commit).rejects.toMatchObject({ name: 'StoreError', failure: 'unknown' });
  }, 10_000);

  it('calls documents unknown when the line is cut behind them, and takes them again', async () => {
    proxy.line = 'cut-after-request';
    const days = [usageDay('2026-11-24', 1)];
    const receipts = [usageReceipt('x', 1)];
    await expect(store.writeDays(days)).rejects.toMatchObject({ failure: 'unknown' });
    await expect(store.writeReceipts('b', receipts)).rejects.toMatchObject({ failure: 'unknown' });
    proxy.line = 'open';
    await store.writeDays(days);
    await store.writeReceipts('b', receipts);
    expect(await direct.readDays('b', 1, '', '~')).toEqual(days);
    expect(await direct.findReceipts('b', ['x'])).toEqual(new Map([['x', receipts[0]]]));
  });

  it('calls everything unavailable once the server is gone', async () => {
    await proxy.stop();
    const calls = [
      store.commit('b', { epoch: 1, revision: 1 }, patch(2)),
      store.load('b'),
      store.version('b'),
      store.time(),
      store.due(1, 1),
    ];
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { name: 'StoreError' } });
    }
    // The first call of each connection may meet the cut; later ones know that nobody is there.
    const later = store.commit('b', { epoch: 1, revision: 1 }, patch(2));
    await expect(later).rejects.toMatchObject({ failure: 'unavailable' });
  }, 20_000);
});

describe('opening the MongoDB store', () => {
  it('says that a server does not answer, without the password', async () => {
    const uri = 'mongodb://me:s3cret@127.0.0.1:1/?authSource=admin';
    const error = await openMongoStore({ uri, database: 'x' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreUnreachable);
    expect(String(error)).toMatch(/MongoDB at 127\.0\.0\.1:1 does not answer: .*ECONNREFUSED/);
    expect(String(error)).not.toContain('s3cret');
  }, 10_000);

  it.each([
    'mongodb://me:s3cret@host:port',
    'mongo://me:s3cret@host',
    'mongodb://me:s3cret@/x?replicaSet',
    'me:s3cret',
    'mongodb://me:s3cret@host:27017/?what=1',
  ])('says that %s is not a connection string, without the password', async (uri) => {
    const error = await openMongoStore({ uri, database: 'x' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreStartError);
    expect(String(error)).toContain('MONGODB_URI is not a valid connection string');
    expect(String(error)).not.toContain('s3cret');
    expect(error).not.toHaveProperty('cause');
  });
});
