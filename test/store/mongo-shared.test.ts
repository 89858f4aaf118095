import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StatePatch } from '../../src/domain/model/state.js';
import { openMongoStore } from '../../src/store/mongo/open-mongo-store.js';
import type { BudgetStore } from '../../src/store/store.js';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { describeMongo, lacks, temporaryDatabase } from '../support/mongo.js';
import { patch, T0, usageReceipt } from './samples.js';

const BUDGETS = Array.from({ length: 20 }, (_, at) => `budget-${at}`);
const ROUNDS = 10;

let seq = 0;

/** As the arbiter commits: with the stamp of its replica. */
function stamped(copyId: string, revision: number, more: StatePatch['puts'] = []): StatePatch {
  seq += 1;
  const stamp = { section: 'writers' as const, key: copyId, value: { seq, at: T0 } };
  return patch(revision, { puts: [stamp, ...more] });
}

describeMongo('commits of many budgets to MongoDB', (uri) => {
  const database = temporaryDatabase(uri);
  let one: BudgetStore;
  let two: BudgetStore;

  beforeAll(async () => {
    one = await openMongoStore({ uri, database });
    two = await openMongoStore({ uri, database });
    for (const budget of BUDGETS) await one.commit(budget, undefined, stamped('one', 1));
  });
  afterAll(async () => {
    await one.close();
    await two.close();
  });

  it('have one winner each when two replicas race for all of them, and no deadlock', async () => {
    for (let revision = 1; revision <= ROUNDS; revision += 1) {
      const expected = { epoch: 1, revision };
      const sent = new Map<string, number>();
      const race = (store: BudgetStore, copyId: string, budgets: readonly string[]) =>
        Promise.all(
          budgets.map((budget) => {
            const own = stamped(copyId, revision + 1);
            sent.set(`${copyId} ${budget}`, seq);
            return store.commit(budget, expected, own);
          }),
        );
      const [ones, twos] = await Promise.all([
        race(one, 'one', BUDGETS),
        race(two, 'two', BUDGETS.toReversed()).then((outcomes) => outcomes.toReversed()),
      ]);
      for (const [at, budget] of BUDGETS.entries()) {
        expect([ones[at], twos[at]].sort(), `${budget} at ${revision}`).toEqual(['lost', 'won']);
        const { head, sections } = (await one.load(budget)) ?? {};
        expect(head?.revision).toBe(revision + 1);
        const winner = ones[at] === 'won' ? 'one' : 'two';
        expect(sections?.writers.get(winner)?.seq, `${budget} at ${revision}`).toBe(
          sent.get(`${winner} ${budget}`),
        );
      }
    }
  });

  it('are told apart: those that won, those that lost, and the one that is too large', async (context) => {
    context.skip(lacks('a bound of 16 MB'), 'this server has no bound of 16 MB');
    const reason = 'x'.repeat(9_000_000);
    const pause = (key: string) => ({ section: 'settings' as const, key, value: { reason, at: T0 } });
    const versions = await Promise.all(BUDGETS.map((budget) => one.version(budget)));
    const outcomes = await Promise.allSettled(
      BUDGETS.map((budget, at) => {
        const { epoch, revision } = versions[at] ?? { epoch: 0, revision: 0 };
        const expected = { epoch, revision: at % 3 === 1 ? revision - 1 : revision };
        const puts = at === 5 ? [pause('one'), pause('two')] : [];
        return one.commit(budget, expected, stamped('one', revision + 1, puts));
      }),
    );
    const after = await Promise.all(BUDGETS.map((budget) => one.version(budget)));
    for (const [at, outcome] of outcomes.entries()) {
      const moved = (after[at]?.revision ?? 0) - (versions[at]?.revision ?? 0);
      if (at === 5) expect(outcome).toMatchObject({ reason: { failure: 'refused' } });
      else expect(outcome).toMatchObject({ value: at % 3 === 1 ? 'lost' : 'won' });
      expect(moved, BUDGETS[at]).toBe(at === 5 || at % 3 === 1 ? 0 : 1);
    }
  });

  it('are not sent when their moment is over, and the others are', async () => {
    const versions = await Promise.all(BUDGETS.map((budget) => one.version(budget)));
    const outcomes = await Promise.all(
      BUDGETS.map((budget, at) => {
        const expected = versions[at];
        const sendBy = at % 2 === 0 ? 0 : Number.POSITIVE_INFINITY;
        return one.commit(budget, expected, stamped('one', (expected?.revision ?? 0) + 1), sendBy);
      }),
    );
    expect(outcomes).toEqual(BUDGETS.map((_, at) => (at % 2 === 0 ? 'lost' : 'won')));
    const after = await Promise.all(BUDGETS.map((budget) => one.version(budget)));
    const moved = after.map((version, at) => (version?.revision ?? 0) - (versions[at]?.revision ?? 0));
    expect(moved).toEqual(BUDGETS.map((_, at) => at % 2));
  });

  it('share lookups and receipts, and each finds its own', async () => {
    await Promise.all(
      BUDGETS.map((budget, at) =>
        one.writeReceipts(budget, [usageReceipt('same id', at + 1), usageReceipt('x', 1)]),
      ),
    );
    const found = await Promise.all(BUDGETS.map((budget) => two.findReceipts(budget, ['same id', 'none'])));
    expect(found.map((receipts) => [...receipts])).toEqual(
      BUDGETS.map((_, at) => [['same id', usageReceipt('same id', at + 1)]]),
    );
  });

  it('are all unknown when the line is cut behind them, and a look tells what became of each', async () => {
    const before = await FaultyProxy.beforeMongo(uri);
    const store = await openMongoStore({ uri: before.uri, database });
    const versions = await Promise.all(BUDGETS.map((budget) => one.version(budget)));
    before.proxy.line = 'cut-after-request';
    const commits = BUDGETS.map((budget, at) =>
      store.commit(budget, versions[at], stamped('cut', (versions[at]?.revision ?? 0) + 1)),
    );
    const outcomes = await Promise.allSettled(commits);
    before.proxy.line = 'open';
    expect(outcomes).toEqual(
      BUDGETS.map(() => expect.objectContaining({ reason: expect.objectContaining({ failure: 'unknown' }) })),
    );
    await expect
      .poll(async () => (await one.load(BUDGETS[0] ?? ''))?.sections.writers.has('cut'), { timeout: 5_000 })
      .toBe(true);
    await store.close();
    await before.proxy.stop();
  });
});
