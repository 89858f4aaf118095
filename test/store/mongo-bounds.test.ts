import { BSON, MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MAX_FULL_STATE_BYTES } from '../../src/domain/model/limits.js';
import type { StatePatch } from '../../src/domain/model/state.js';
import { openMongoStore } from '../../src/store/mongo/open-mongo-store.js';
import { type BudgetStore, StoreError } from '../../src/store/store.js';
import { BUDGET } from '../support/budget.js';
import { MaximalHistory } from '../support/maximal-history.js';
import { describeMongo, temporaryDatabase } from '../support/mongo.js';
import { randomFrom, testSeed } from '../support/seed.js';

const STEPS = 25;
/** Of a day of 5,000 AIs that an adjustment brought back: it is asked before, and may be the last. */
const SLACK_BYTES = 64 * 1024;

describeMongo('a budget of the largest entries on MongoDB', (uri) => {
  const database = temporaryDatabase(uri);
  const client = new MongoClient(uri);
  const seed = testSeed('mongo-bounds');
  let store: BudgetStore;

  beforeAll(async () => {
    store = await openMongoStore({ uri, database });
  });
  afterAll(async () => {
    await Promise.all([store.close(), client.close()]);
  });

  async function size(): Promise<number> {
    const document = await client
      .db(database)
      .collection<{ _id: string }>('budgets')
      .findOne({ _id: BUDGET });
    return document === null ? 0 : BSON.calculateObjectSize(document);
  }

  /** A machine that is busy with other things may answer too late; then the state says what became of it. */
  async function commit(patch: StatePatch): Promise<void> {
    const { revision } = patch.head;
    for (let tries = 0; tries < 10; tries += 1) {
      const before = await store.version(BUDGET);
      if (before?.revision === revision) return;
      try {
        await store.commit(BUDGET, before, patch);
      } catch (error) {
        if (!(error instanceof StoreError && error.failure === 'unknown')) throw error;
      }
    }
    throw new Error(`revision ${revision} could not be committed`);
  }

  it(`is taken in every commit, and never larger than it may be (seed ${seed})`, {
    timeout: 600_000,
  }, async () => {
    const history = new MaximalHistory(randomFrom(seed));
    const { budget } = history;
    const patches: StatePatch[] = [];
    const check = budget.onCommit;
    budget.onCommit = (patch) => {
      check(patch);
      patches.push(structuredClone(patch));
    };
    const first = budget.storedState();
    patches.unshift({
      head: first.head,
      resets: [],
      drops: [],
      puts: [{ section: 'settings', key: 'policy', value: first.sections.settings.get('policy') as never }],
    });
    let largest = 0;
    const send = async () => {
      for (const patch of patches.splice(0)) await commit(patch);
      const bytes = await size();
      largest = Math.max(largest, bytes);
      expect(bytes).toBeLessThan(MAX_FULL_STATE_BYTES + SLACK_BYTES);
      expect(bytes).toBeLessThanOrEqual(budget.state.tables.bytes);
    };
    const lease = budget.grant('a', 5);
    history.fill();
    await send();
    expect(budget.acquire('b')).toMatchObject({ refusal: { reason: 'STATE_FULL' } });
    expect(budget.record(lease, 10)).toMatchObject({ chargedTokens: 10 });
    expect(budget.release(lease)).toMatchObject({ kind: 'released' });
    expect(budget.do({ kind: 'pause', reason: 'full' })).toMatchObject({ kind: 'budget' });
    budget.do({ kind: 'resume' });
    await send();
    for (let step = 0; step < STEPS; step += 1) {
      history.step();
      await send();
    }
    history.fill();
    expect(budget.do({ kind: 'delete-budget', force: true }).kind).toBe('deleted');
    await send();
    while (budget.state.slots.waiting > 0) budget.do({ kind: 'sweep' });
    await send();
    expect(largest, 'the bound was come near').toBeGreaterThan(5 * 1024 * 1024);
  });
});
