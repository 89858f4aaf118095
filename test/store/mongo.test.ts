import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Ledger } from '../../src/domain/ledger/ledger.js';
import { SECTIONS, STATE_FORMAT } from '../../src/domain/model/state.js';
import { openMongoStore } from '../../src/store/mongo/open-mongo-store.js';
import type { BudgetStore } from '../../src/store/store.js';
import { collectedLog } from '../support/collected-log.js';
import { describeMongo, lacks, temporaryDatabase } from '../support/mongo.js';
import { describeStoreContract } from './contract.js';
import { head, lease, leaseReceipt, patch, T0, usageDay, usageReceipt } from './samples.js';

describeMongo('the MongoDB store', (uri) => {
  const database = temporaryDatabase(uri);
  const client = new MongoClient(uri);
  const db = client.db(database);
  const log = collectedLog();
  let store: BudgetStore;
  let peer: BudgetStore;
  const open = () => openMongoStore({ uri, database });
  const empty = () =>
    Promise.all(
      ['budgets', 'usage', 'receipts', 'denials', 'changes', 'marks'].map((name) =>
        db.collection(name).deleteMany({}),
      ),
    );

  beforeAll(async () => {
    // Two replicas that start at once in an empty database.
    [store, peer] = await Promise.all([openMongoStore({ uri, database, copyId: 'a', log }), open()]);
  });
  afterAll(async () => {
    await Promise.all([store.close(), peer.close(), client.close()]);
  });

  describeStoreContract(
    'the MongoDB store',
    async () => {
      await empty();
      const reopened: BudgetStore[] = [];
      return {
        store,
        peer,
        reopen: async () => {
          const again = await open();
          reopened.push(again);
          return again;
        },
        destroy: async () => {
          await Promise.all(reopened.map((again) => again.close()));
        },
      };
    },
    { rounds: 25 },
  );

  it('keeps a budget in one document, with a sub-document for each section', async () => {
    await empty();
    const puts = [
      { section: 'monthModels' as const, key: 'gpt-4.1', value: 5 },
      { section: 'leases' as const, key: '7', value: lease({ labels: { 'a.b': '1' } }) },
    ];
    await store.commit('b', undefined, patch(1, { puts, head: head(1, { wakeAt: T0 }) }));
    await store.commit('b', { epoch: 1, revision: 1 }, patch(2));
    expect(await db.collection('budgets').findOne()).toEqual({
      _id: 'b',
      ...head(2),
      ...Object.fromEntries(SECTIONS.map((section) => [section, {}])),
      leases: { _7: { ...lease(), labels: [['a.b', '1']] } },
      monthModels: { '_gpt-4%2E1': 5 },
    });
  });

  it('keeps usage documents that other tools can sum', async () => {
    await empty();
    const presumedBy = new Map([['7', { aiId: 'guardian', hourStart: T0, tokens: 3 }]]);
    const aiCalls = new Map([['guardian', { calls: 3, failedCalls: 1 }]]);
    const ais = new Map([['guardian', 30]]);
    const parts = new Map([['MODEL gpt-*', 30]]);
    const counted = { ais, presumedBy, calls: 3, failedCalls: 1, aiCalls, parts };
    const toppedUp = {
      topped: 7,
      toppedAis: new Map([['guardian', 7]]),
      toppedModels: new Map([['gpt-4.1', 7]]),
    };
    const pairs = new Map([['guardian gpt-4.1', [30, 3, 1] as const]]);
    await store.writeDays([usageDay('2026-11-24', 3, { ...counted, ...toppedUp, pairs })]);
    expect(await db.collection('usage').findOne()).toEqual({
      _id: 'b:1:2026-11-24',
      budget: 'b',
      epoch: 1,
      day: '2026-11-24',
      start: T0,
      end: T0 + 86_400_000,
      revision: 3,
      total: 30,
      presumed: 3,
      late: 0,
      hours: [
        { start: T0, tokens: 3, topped: 3 },
        { start: T0 + 3_600_000, tokens: 27 },
      ],
      ais: { _guardian: 30 },
      models: { '_gpt-4%2E1': 30 },
      calls: 3,
      failedCalls: 1,
      aiCalls: { _guardian: { calls: 3, failedCalls: 1 } },
      modelCalls: { '_gpt-4%2E1': { calls: 3, failedCalls: 0 } },
      format: STATE_FORMAT,
      pairs: { '_guardian gpt-4%2E1': [30, 3, 1] },
      presumedBy: { _7: { aiId: 'guardian', hourStart: T0, tokens: 3 } },
      parts: { '_MODEL gpt-*': 30 },
      topped: 7,
      toppedAis: { _guardian: 7 },
      toppedModels: { '_gpt-4%2E1': 7 },
    });
  });

  it('has the indexes that its queries need, and no more', async () => {
    const indexes = async (name: string) =>
      (await db.collection(name).indexes()).map(({ key, expireAfterSeconds }) => [key, expireAfterSeconds]);
    expect(await indexes('budgets')).toEqual([
      [{ _id: 1 }, undefined],
      [{ wakeAt: 1 }, undefined],
    ]);
    expect(await indexes('usage')).toEqual([
      [{ _id: 1 }, undefined],
      [{ day: 1 }, undefined],
    ]);
    expect(await indexes('receipts')).toEqual([
      [{ _id: 1 }, undefined],
      [{ at: 1, _id: 1 }, undefined],
    ]);
  });

  it('drops the index by which an earlier version had the server remove receipts by its own clock', async () => {
    const receipts = db.collection('receipts');
    await receipts.createIndex({ at: 1 }, { expireAfterSeconds: 7 * 86_400 });
    await (await open()).close();
    expect((await receipts.indexes()).map(({ key }) => key)).toEqual([{ _id: 1 }, { at: 1, _id: 1 }]);
  });

  it('has the server check documents against a hand that edits them', async (context) => {
    context.skip(lacks('validators'), 'this server knows no validators');
    await empty();
    expect(log.entries).toEqual([]);
    await store.commit('b', undefined, patch(1));
    await store.writeDays([usageDay('2026-11-24', 1)]);
    await store.writeReceipts('b', [usageReceipt('x', 1), leaseReceipt('y', 1)]);
    const wrong = { budgets: { revision: 'two' }, usage: { total: 1.5 }, receipts: { at: T0 } };
    for (const [name, $set] of Object.entries(wrong)) {
      // FerretDB has a code of its own for this.
      const code = expect.toSatisfy((given) => [121, 525074461].includes(given));
      await expect(db.collection(name).updateOne({}, { $set }), name).rejects.toMatchObject({ code });
    }
  });

  it('serves a budget of a release without some section, and of one with another section and field', async () => {
    for (const section of SECTIONS) {
      await empty();
      await store.commit('b', undefined, patch(1));
      const added = { tables: { x: { y: 1 } }, policy: 'of later', [`later_${section}`]: 7 };
      await db.collection('budgets').updateOne({}, { $unset: { [section]: '' }, $set: added });
      const loaded = await store.load('b');
      expect(loaded?.head).toEqual(head(1));
      expect(loaded?.sections[section].size).toBe(0);
      expect((await store.list('', 1))[0]?.head).toEqual(head(1));
      const ledger = Ledger.of('b', loaded);
      expect(ledger.revision).toBe(1);
      // As its first commit does after an upgrade, alone and in a message with another.
      const puts = [{ section: 'writers' as const, key: 'a', value: { seq: 1, at: T0 } }];
      expect(await store.commit('b', { epoch: 1, revision: 1 }, patch(2, { puts }))).toBe('won');
      expect(await store.commit('b', { epoch: 1, revision: 2 }, patch(3))).toBe('won');
      await Promise.all(['c', 'd'].map((id) => store.commit(id, undefined, patch(1))));
      await db.collection('budgets').updateMany({}, { $unset: { [section]: '' } });
      const both = ['c', 'd'].map((id) => store.commit(id, { epoch: 1, revision: 1 }, patch(2, { puts })));
      expect(await Promise.all(both)).toEqual(['won', 'won']);
      const stored = await db.collection('budgets').findOne({ revision: 3 });
      expect(stored).toMatchObject({ ...head(3), ...added });
    }
  });

  it('refuses a value that is larger than a document may be, and applies nothing of it', async (context) => {
    context.skip(lacks('a bound of 16 MB'), 'this server has no bound of 16 MB');
    await empty();
    const reason = 'x'.repeat(9_000_000);
    const pause = (key: string) => [{ section: 'settings' as const, key, value: { reason, at: T0 } }];
    await store.commit('b', undefined, patch(1, { puts: pause('one') }));
    for (const key of ['two', 'three']) {
      const puts = [...pause(key), ...pause('four')].slice(0, key === 'two' ? 1 : 2);
      const commit = store.commit('b', { epoch: 1, revision: 1 }, patch(2, { puts }));
      await expect(commit, key).rejects.toMatchObject({ name: 'StoreError', failure: 'refused' });
    }
    expect(await store.version('b')).toEqual({ epoch: 1, revision: 1 });
    expect((await store.load('b'))?.sections.settings.size).toBe(1);
  });
});
