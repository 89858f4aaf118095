import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STATE_FORMAT, type UsageDay } from '../../src/domain/model/state.js';
import { openLmdbStore, openLmdbTransfer } from '../../src/store/lmdb/open-lmdb-store.js';
import { openMemoryStore } from '../../src/store/memory/memory-store.js';
import { openMongoStore, openMongoTransfer } from '../../src/store/mongo/open-mongo-store.js';
import type { BudgetStore } from '../../src/store/store.js';
import type { TransferStore } from '../../src/store/transfer-store.js';
import { wholePatch, wholeRecord } from '../../src/transfer/copy-budget.js';
import { migrate } from '../../src/transfer/migrate.js';
import { budgetIds, readBudget } from '../../src/transfer/read-budget.js';
import { restore } from '../../src/transfer/restore.js';
import { NOW } from '../fixtures/history.js';
import { insertInto, knownLeases, layOut } from '../fixtures/open-fixture.js';
import { describeMongo, temporaryDatabase } from '../support/mongo.js';
import { acquire, usage } from '../support/requests.js';
import { StoredBudget } from '../support/stored-budget.js';
import { overCaps } from '../support/top-ups.js';
import { temporaryFolder } from '../transfer/support/stores.js';

const leases = knownLeases(1);
const context = { tell: () => {}, wallMs: () => Date.parse(NOW), newId: () => 'fixture' };

/** What a month comes to: the days in the state, and the documents of those that are not. */
async function monthOf(budget: StoredBudget): Promise<number> {
  return (await budget.do<'snapshot'>({ kind: 'get-snapshot' })).snapshot.windows[2]?.spent ?? 0;
}

async function today(budget: StoredBudget): Promise<UsageDay> {
  const { snapshot } = await budget.do<'snapshot'>({ kind: 'get-snapshot' });
  const day = snapshot.openDays.find((open) => open.day === snapshot.today.day);
  if (day === undefined) throw new Error('today is not open');
  return day;
}

/** What format 1 stored is opened, and goes on: nothing is lost, and nothing is counted twice. */
function describeGoesOn(name: string, open: () => Promise<BudgetStore>): void {
  describe(`data of format 1, ${name}`, () => {
    let store: BudgetStore;
    let budget: StoredBudget;
    beforeAll(async () => {
      store = await open();
      budget = (await StoredBudget.open(store, 'kept')).at(NOW);
    });
    afterAll(() => store.close());
    const late = (lease: keyof typeof leases, usageId: string, tokens: number) =>
      budget.record(leases[lease], usageId, tokens);
    const presumed = async (lease: keyof typeof leases) => (await budget.lease(leases[lease])).presumedTokens;

    it('has the same books, leases, pause and tombstone', async () => {
      expect(await monthOf(budget)).toBe(746 + 60 + 560);
      expect(budget.state.slots.live).toBe(2);
      expect(await budget.lease(leases.live)).toMatchObject({
        ...{ status: 'LIVE', aiId: '__proto__', usedTokens: 30, labels: { 'a.b': '1', $c: '2' } },
      });
      expect(budget.state.tables.alerts.size).toBe(2);
      const paused = await StoredBudget.open(store, 'paused');
      expect(paused.state.pause).toMatchObject({ reason: 'for the night' });
      const deleted = await StoredBudget.open(store, 'deleted');
      expect(deleted.state).toMatchObject({ deleted: true, exists: false });
      const listed = await store.list('', 10);
      expect(listed.map(({ budgetId }) => budgetId)).toEqual(['deleted', 'kept', 'paused']);
    });

    it('is written as the present format by its first commit', async () => {
      expect((await store.load('kept'))?.head.format).toBe(1);
      expect((await today(budget)).calls, 'of format 1').toBeUndefined();
      expect(await budget.record(leases.live, 'live-2', 10, 'gpt-4.1')).toMatchObject({ late: false });
      expect((await store.load('kept'))?.head.format).toBe(STATE_FORMAT);
      expect(await monthOf(budget)).toBe(1_376);
    });

    it('counts calls from now on, beside tokens', async () => {
      const { calls, failedCalls, total } = await today(budget);
      expect({ calls, failedCalls }).toEqual({ calls: 1, failedCalls: 0 });
      await budget.do({
        kind: 'record-unleased',
        aiId: 'a',
        usage: usage('failed', 0, 'm', { failed: true }),
      });
      expect(await today(budget)).toMatchObject({ calls: 2, failedCalls: 1, total });
    });

    it('knows what was reported and released, whatever id a Release gave', async () => {
      expect(await late('revoked', 'part', 50)).toMatchObject({ refusal: { reason: 'ID_REUSED' } });
      expect(await budget.record(leases.revoked, 'part', 50, 'gpt-4.1')).toMatchObject({ replayed: true });
      const again = { kind: 'release', lease: leases.released, usage: usage('released-1', 80) } as const;
      expect(await budget.do(again)).toMatchObject({ replayed: true, usedTokens: 80 });
    });

    it('settles late reports and releases against what was presumed, in days open and closed', async () => {
      expect(await presumed('lastMonth')).toBe(700);
      expect(await late('lastMonth', 'l1', 500)).toMatchObject({ chargedTokens: 500, late: true });
      expect(await presumed('lastMonth')).toBe(200);
      expect(await late('openA', 'l2', 100)).toMatchObject({ late: true });
      expect(await budget.do({ kind: 'release', lease: leases.openA })).toMatchObject({ freedTokens: 150 });
      expect(await late('revoked', 'l3', 20)).toMatchObject({ late: true });
      expect(await monthOf(budget)).toBe(1_376 - 150);
    });

    it('has of a day whose correction named no lease no more than is left of it', async () => {
      expect(await presumed('closedA')).toBe(500);
      expect(await presumed('closedB')).toBe(300);
      expect(await late('closedA', 'l4', 500)).toMatchObject({ late: true });
      expect(await monthOf(budget)).toBe(1_226);
      // 700 of 800 were left. The correction was of nobody, so the last one to report bears it.
      expect(await presumed('closedB')).toBe(200);
      expect(await late('closedB', 'l5', 300)).toMatchObject({ late: true });
      expect(await monthOf(budget)).toBe(1_326);
      const day = budget.state.tables.days.get('2036-02-01');
      expect(day).toMatchObject({ presumed: 0, total: 746 });
    });

    it('takes corrections, and keeps from now on what is presumed by lease', async () => {
      const about = { aiId: 'a', model: 'm', day: '2036-01-30', reason: '', fingerprint: '' };
      const adjusted = await budget.do({ kind: 'adjust', adjustmentId: 'now', tokens: -100, ...about });
      expect(adjusted).toMatchObject({ dayTotal: 640 });
      const [a, b] = [
        await budget.grant('a', 70, { requestId: 'new' }),
        await budget.grant('b', 60, { requestId: 'new' }),
      ];
      budget.at('2036-02-03T10:02:00Z');
      await budget.do({
        kind: 'adjust',
        ...about,
        model: '(unknown)',
        day: '2036-02-03',
        adjustmentId: 'a',
        tokens: -70,
      });
      expect([await budget.lease(a), await budget.lease(b)]).toMatchObject([
        { presumedTokens: 0 },
        { presumedTokens: 60 },
      ]);
    });

    it('is grouped by teams and models from now on, and takes top-ups', async () => {
      const fields = budget.state.policyFields;
      const teams = [
        ['letters', { aiIds: ['a', 'b', 'c'] }],
        ['odd', { aiIds: ['*'] }],
      ] as const;
      const scoped = { ...fields, teams, models: [['gpt-*', { maxMonthlyPercent: 10 }]] as const };
      const before = await monthOf(budget);
      await budget.do({ kind: 'put-policy', fields: scoped });
      const ofTeams = (await budget.do<'snapshot'>({ kind: 'get-snapshot' })).snapshot.teams;
      const months = ofTeams.map(({ windows }) => windows[2]?.spent ?? 0);
      expect(months[0]).toBeGreaterThan(0);
      expect(months[1]).toBeGreaterThan(0);
      expect((months[0] ?? 0) + (months[1] ?? 0)).toBe(before);
      const ofModel = (
        await budget.do<'denied'>(acquire('a', { model: 'gpt-4.1', estimatedTokens: 100_000 }))
      ).denial;
      expect(ofModel.blockers).toMatchObject([{ rule: 'MODEL_CAP', window: 'MONTH', spent: 70 }]);
      await budget.do(overCaps('t', 2_000_000, budget.now + 86_400_000));
      const lease = await budget.grant('a', 1_500_000);
      await budget.record(lease, 'from-top-up', 40);
      await budget.do({ kind: 'release', lease });
      expect(await monthOf(budget)).toBe(before);
      expect(await today(budget)).toMatchObject({ topped: 40, toppedAis: new Map([['a', 40]]) });
    });

    it('is written out in the present format', async () => {
      await (await budget.writeOut()).writeOut();
      const [first] = await store.readDays('kept', 1, '2036-01-30', '2036-01-30');
      expect(first).toMatchObject({ format: STATE_FORMAT, total: 640, presumed: 200 });
      const [today] = await store.readDays('kept', 1, '2036-02-03', '2036-02-03');
      expect([...(today?.presumedBy.values() ?? [])]).toMatchObject([{ aiId: 'b', tokens: 60 }]);
      expect(today).toMatchObject({ topped: 40, toppedModels: new Map([['m', 40]]) });
      const again = await StoredBudget.open(store, 'kept');
      expect(again.state.tables.bytes).toBe(budget.state.tables.bytes);
    });
  });
}

/** The memory store as it would be had it lasted: filled with what another one has. */
async function inMemory(source: TransferStore): Promise<BudgetStore> {
  const store = await openMemoryStore();
  for await (const budgetId of budgetIds(source)) {
    await readBudget(source, budgetId, {
      days: (days) => store.writeDays(days),
      receipts: (receipts) => store.writeReceipts(budgetId, receipts),
      denials: (denials) => store.writeDenials(denials.map(wholeRecord)),
      changes: (changes) => store.writeChanges(budgetId, changes),
      state: async (state) => void (await store.commit(budgetId, undefined, wholePatch(state))),
    });
  }
  await source.close();
  return store;
}

const folder = temporaryFolder(afterAll);
const dataOf = (name: string) => layOut(1, 'data', `${folder}/${name}`);

describeGoesOn('in a data folder', () => openLmdbStore({ dataDir: dataOf('folder') }));
describeGoesOn('in memory', async () => inMemory(await openLmdbTransfer({ dataDir: dataOf('memory') })));
describeGoesOn('migrated to another data folder', async () => {
  const source = await openLmdbTransfer({ dataDir: dataOf('source') });
  const target = await openLmdbTransfer({ dataDir: `${folder}/target` });
  await migrate(source, target, context);
  await source.close();
  return target;
});
describeMongo('data of format 1 on MongoDB', (uri) => {
  const database = temporaryDatabase(uri);
  describeGoesOn('in a database', async () => {
    await insertInto(1, uri, database);
    return openMongoStore({ uri, database });
  });
  const migrated = temporaryDatabase(uri);
  describeGoesOn('migrated to MongoDB', async () => {
    const source = await openLmdbTransfer({ dataDir: dataOf('to-mongo') });
    const target = await openMongoTransfer({ uri, database: migrated });
    await migrate(source, target, context);
    await source.close();
    return target;
  });
});

it('a backup of format 1 is restored, and its leases are known by the ids that they had', async () => {
  const backup = await openLmdbTransfer({ dataDir: layOut(1, 'backup', `${folder}/backup`) });
  const target = await openLmdbTransfer({ dataDir: `${folder}/restored` });
  await restore(backup, target, context);
  await backup.close();
  const budget = (await StoredBudget.open(target, 'kept')).at('2036-02-03T10:05:00Z');
  expect(budget.state.epoch).toBeGreaterThan(1);
  // What both live leases still held is presumed.
  expect(await monthOf(budget)).toBe(1_366 + 970 + 60);
  expect(await budget.record(leases.live, 'live-3', 900)).toMatchObject({ late: true, chargedTokens: 900 });
  expect(await budget.record(leases.closedA, 'l4', 500)).toMatchObject({ late: true });
  expect(await budget.record(leases.lastMonth, 'l5', 700)).toMatchObject({ late: true });
  expect(await monthOf(budget)).toBe(1_366 + 970 + 60);
  expect((await target.load('kept'))?.head.format).toBe(STATE_FORMAT);
  await target.close();
});
