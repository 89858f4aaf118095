import { type Document, ObjectId } from 'mongodb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openMongoStore, openMongoTransfer } from '../../src/store/mongo/open-mongo-store.js';
import { type BudgetStore, StoreStartError } from '../../src/store/store.js';
import { ManualScheduler } from '../support/manual-scheduler.js';
import { ScriptedMongo } from '../support/scripted-mongo.js';
import { answerOrdinarily, type Collections } from '../support/scripted-mongo-data.js';
import { setMark } from '../transfer/support/stores.js';
import { patch, T0, usageDay, usageReceipt } from './samples.js';

const BEAT_MS = 2_000;
const MS_UNTIL_IT_MAY_BE_CUT_OFF = 4_000;

let mongo: ScriptedMongo;
let scheduler: ManualScheduler;
let now: number;
let term: number;
/** What the primary shows to reads of read concern majority, while it lags. */
let shown: Collections | undefined;

beforeEach(async () => {
  mongo = await ScriptedMongo.start();
  scheduler = new ManualScheduler([]);
  [now, term, shown] = [10_000, 0, undefined];
  mongo.script = (command) =>
    shown !== undefined && levelOf(command) === 'majority' ? answerOrdinarily(shown, command) : undefined;
  beElected();
});
afterEach(() => mongo.stop());

function beElected(): void {
  term += 1;
  mongo.hello = { setVersion: 1, electionId: new ObjectId(`7fffffff${String(term).padStart(16, '0')}`) };
}

const open = (uri = mongo.uri) =>
  openMongoStore({ uri, database: 'x', copyId: 'me', scheduler, monotonic: () => now });

const levelOf = (command: Document): string | undefined => command['readConcern']?.level;

/** From now on what is acknowledged is not shown yet. */
const lag = () => {
  shown = structuredClone(mongo.collections);
};

/** The driver learns of an election by the error of the server that was the primary, and asks the new one. */
async function elect(store: BudgetStore): Promise<void> {
  beElected();
  const script = mongo.script;
  mongo.next('find', { ok: 0, code: 10107, errmsg: 'not primary' });
  await store.due(T0, 1);
  mongo.script = script;
}

async function beat(): Promise<void> {
  const before = beats();
  await scheduler.advance(BEAT_MS);
  // Its answer is known when the mark is read, after it.
  await vi.waitFor(() => expect(beats()).toBeGreaterThan(before));
}

const beats = () => mongo.commands.filter((command) => command['find'] === 'marks').length;

/** The levels with which each of these reads reaches the server. */
async function levels(store: BudgetStore): Promise<Record<string, string[]>> {
  const reads = {
    load: () => store.load('b'),
    version: () => store.version('b'),
    findReceipts: () => store.findReceipts('b', ['x']),
    listReceipts: () => store.listReceipts('b', '', '', 9),
    readDays: () => store.readDays('b', 1, '2026-01-01', '2027-01-01'),
    list: () => store.list('', 9),
    readTidyMark: () => store.readTidyMark(),
  };
  const found: Record<string, string[]> = {};
  for (const [name, read] of Object.entries(reads)) {
    const before = mongo.commands.length;
    await read();
    found[name] = mongo.commands.slice(before).map((command) => String(levelOf(command)));
  }
  return found;
}

const all = (...each: string[]) =>
  Object.fromEntries(
    ['load', 'version', 'findReceipts', 'listReceipts', 'readDays', 'list', 'readTidyMark'].map((name) => [
      name,
      each,
    ]),
  );

describe('reads of the MongoDB store', () => {
  it('cost nothing more while one primary serves, and are confirmed from an election to the next beat', async () => {
    const store = await open();
    expect(await levels(store)).toEqual(all('majority'));
    await elect(store);
    expect(await levels(store)).toEqual(all('linearizable'));
    await beat();
    expect(await levels(store)).toEqual(all('majority'));
    await store.close();
  });

  it('are confirmed while the primary acknowledges no beat: it may be cut off', async () => {
    const store = await open();
    now += MS_UNTIL_IT_MAY_BE_CUT_OFF;
    expect(await levels(store)).toEqual(all('linearizable'));
    mongo.next('update', { ok: 1, n: 1, writeConcernError: { code: 64, errmsg: 'waiting timed out' } });
    await scheduler.advance(BEAT_MS);
    await vi.waitFor(() => expect(mongo.commands.some((command) => 'update' in command)).toBe(true));
    expect(await levels(store)).toEqual(all('linearizable'));
    await beat();
    expect(await levels(store)).toEqual(all('majority'));
    await store.close();
  });

  it('see what was acknowledged, where a new primary shows what was before', async () => {
    const store = await open();
    await store.commit('b', undefined, patch(1));
    await store.writeReceipts('b', [usageReceipt('x', 1)]);
    await store.writeDays([usageDay('2026-11-24', 1)]);
    lag();
    await store.commit('b', { epoch: 1, revision: 1 }, patch(2));
    await store.commit('c', undefined, patch(1));
    await store.writeReceipts('b', [usageReceipt('x', 2), usageReceipt('y', 2)]);
    await store.writeDays([usageDay('2026-11-24', 2), usageDay('2026-11-25', 2)]);
    await elect(store);
    const receipts = [usageReceipt('x', 2), usageReceipt('y', 2)];
    const days = [usageDay('2026-11-24', 2), usageDay('2026-11-25', 2)];
    expect((await store.load('b'))?.head.revision).toBe(2);
    expect(await store.version('b')).toEqual({ epoch: 1, revision: 2 });
    expect([...(await store.findReceipts('b', ['x', 'y'])).values()]).toEqual(receipts);
    expect(await store.listReceipts('b', '', '', 9)).toEqual(receipts);
    expect(await store.readDays('b', 1, '2026-01-01', '2027-01-01')).toEqual(days);
    expect((await store.list('', 9)).map(({ budgetId }) => budgetId)).toEqual(['b', 'c']);
    // This is what whoever asks for no more has to reckon with.
    expect((await store.load('b', 'recent'))?.head.revision).toBe(1);
    await store.close();
  });

  it('are sent again where the driver sent them to the next primary, after an election that they met', async () => {
    const store = await open();
    await store.commit('b', undefined, patch(1));
    lag();
    await store.commit('b', { epoch: 1, revision: 1 }, patch(2));
    const script = mongo.script;
    let met = false;
    mongo.script = (command, ordinary) => {
      if (!('find' in command) || met) return script(command, ordinary);
      met = true;
      beElected();
      return { ok: 0, code: 10107, errmsg: 'not primary' };
    };
    const before = mongo.commands.length;
    expect((await store.load('b'))?.head.revision).toBe(2);
    const sent = mongo.commands.slice(before).map(levelOf);
    expect(sent).toEqual(['majority', 'majority', 'linearizable']);
    await store.close();
  });

  it('tell which commits of one message won, where an election follows it at once', async () => {
    const store = await open();
    const stamped = (replica: string, seq: number) =>
      patch(seq, { puts: [{ section: 'writers', key: replica, value: { seq, at: T0 } }] });
    for (const budget of ['b', 'c']) await store.commit(budget, undefined, stamped('me', 1));
    await store.commit('c', { epoch: 1, revision: 1 }, stamped('another', 2));
    lag();
    const script = mongo.script;
    mongo.script = (command, ordinary) => {
      if (command['update'] !== 'budgets' || command['updates'].length < 2) return script(command, ordinary);
      const answer = ordinary();
      beElected();
      // As the driver learns of it, before it looks.
      mongo.next('find', { ok: 0, code: 10107, errmsg: 'not primary' });
      const once = mongo.script;
      mongo.script = (next, as) => once(next, as) ?? script(next, as);
      return answer;
    };
    const both = ['b', 'c'].map((budget) =>
      store.commit(budget, { epoch: 1, revision: 1 }, stamped('me', 2)),
    );
    expect(await Promise.all(both)).toEqual(['won', 'lost']);
    await store.close();
  });

  it('are always confirmed where nobody shows that a majority is there', async () => {
    const transfer = await openMongoTransfer({ uri: mongo.uri, database: 'x' });
    expect(await levels(transfer)).toEqual(all('linearizable'));
    lag();
    const mark = { kind: 'leaving', transfer: 't', to: 'elsewhere', target: 'i' } as const;
    await setMark(transfer, mark);
    expect((await transfer.readLabel()).mark).toMatchObject({ kind: 'leaving' });
    expect(await transfer.listDays('b', undefined, 1)).toEqual([]);
    await transfer.close();
  });

  it('are not to be had on a server that cannot confirm them, and the start says so', async () => {
    mongo.script = (command) =>
      levelOf(command) === 'linearizable'
        ? { ok: 0, code: 72, codeName: 'InvalidOptions', errmsg: 'no such read concern' }
        : undefined;
    const error = await open().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreStartError);
    expect(String(error)).toContain('refuses the read concern linearizable (no such read concern)');
  });

  it('ask a server that is no replica set for nothing that it does not know', async () => {
    mongo.hello = { setName: undefined, hosts: undefined, me: undefined, primary: undefined };
    mongo.script = (command) =>
      levelOf(command) === 'linearizable'
        ? { ok: 0, code: 123, codeName: 'NotAReplicaSet', errmsg: 'm' }
        : undefined;
    const store = await open(mongo.uri.replace('replicaSet=rs0', 'directConnection=true'));
    now += MS_UNTIL_IT_MAY_BE_CUT_OFF;
    expect(await levels(store)).toEqual(all('majority'));
    await store.close();
  });
});
