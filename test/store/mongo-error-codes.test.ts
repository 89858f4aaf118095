import type { Document } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SERVER_CODES } from '../../src/store/mongo/mongo-errors.js';
import { openMongoStore } from '../../src/store/mongo/open-mongo-store.js';
import type { BudgetStore, StoreFailure } from '../../src/store/store.js';
import { nameOf, type Script, ScriptedMongo } from '../support/scripted-mongo.js';
import { patch, T0, usageReceipt } from './samples.js';

/** The server will never take the value. */
const VALUE = [2, 9, 14, 15, 28, 40, 52, 56, 57, 121, 10334, 17280, 17419, 17420];
/** Nothing was written: it says so before it begins. */
const NOT_BEGUN = [13, 18, 133, 134, 211, 462, 10058, 10107, 13435, 14031];
/** Neither yes nor no. */
const OPEN = [
  ...[1, 6, 7, 24, 43, 46, 50, 63, 64, 89, 91, 112, 117, 150, 175, 189, 202, 246, 262, 279, 384, 9001],
  ...[11600, 11601, 11602, 13388, 13436],
];
/** Of these nobody has heard: FerretDB's for a validator, CommandNotFound, ImmutableField, Atlas's own, none at all. */
const UNHEARD = [525074461, 59, 66, 8000, 31337];

const CODES = [...VALUE, ...NOT_BEGUN, ...OPEN, ...UNHEARD];

/** What becomes of a write: of an unheard code, too, a caller learns in the end that it is refused. */
function expected(
  code: number,
  place: 'command' | 'statement',
): { failure: StoreFailure; likelyRefused: boolean } {
  if (VALUE.includes(code)) return { failure: 'refused', likelyRefused: false };
  if (NOT_BEGUN.includes(code)) return { failure: 'unavailable', likelyRefused: false };
  if (OPEN.includes(code)) return { failure: 'unknown', likelyRefused: false };
  if (place === 'statement') return { failure: 'refused', likelyRefused: false };
  return { failure: 'unknown', likelyRefused: true };
}

const asCommand =
  (code: number, more: Document = {}): Script =>
  () => ({ ok: 0, code, errmsg: 'm', ...more });
/** The first statement fails; the others are what they are. */
const asStatement =
  (code: number): Script =>
  (command) => {
    const count = (command['updates'] ?? command['documents']).length;
    return { ok: 1, n: count - 1, nModified: count - 1, writeErrors: [{ index: 0, code, errmsg: 'm' }] };
  };
const asWriteConcern =
  (code: number): Script =>
  (_, ordinary) => ({
    ...ordinary(),
    writeConcernError: { code, errmsg: 'm' },
  });

describe('an error of the server, by its code', () => {
  let mongo: ScriptedMongo;
  let store: BudgetStore;
  let seq = 0;
  // It stands still, so that no message is sent apart for what an earlier test saw.
  let now = 0;
  const fresh = () => `b${++seq}`;
  const stamped = (revision: number) =>
    patch(revision, { puts: [{ section: 'writers', key: 'me', value: { seq: ++seq, at: T0 } }] });
  const made = async () => {
    const budget = fresh();
    expect(await store.commit(budget, undefined, stamped(1))).toBe('won');
    return budget;
  };
  const failureOf = (work: Promise<unknown>) =>
    work.then(
      (outcome) => outcome,
      ({ name, failure, likelyRefused }) => ({ name, failure, likelyRefused }),
    );

  beforeAll(async () => {
    mongo = await ScriptedMongo.start();
    store = await openMongoStore({ uri: mongo.uri, database: 'x', monotonic: () => now });
  });
  afterAll(async () => {
    await store.close();
    await mongo.stop();
  });
  beforeEach(() => {
    now += 60_000;
    mongo.script = () => undefined;
  });

  it('has its place in the table, and the table has no other', () => {
    const known = CODES.filter((code) => !UNHEARD.includes(code));
    expect([...SERVER_CODES.keys()].sort((a, b) => a - b)).toEqual(known.sort((a, b) => a - b));
  });

  const name = 'StoreError';

  it.each(CODES)('%d as the answer to one commit', async (code) => {
    const budget = await made();
    mongo.next('findAndModify', asCommand(code));
    const lone = store.commit(budget, { epoch: 1, revision: 1 }, stamped(2));
    expect(await failureOf(lone)).toEqual({ name, ...expected(code, 'command') });
    mongo.next('insert', asCommand(code));
    const creation = store.commit(fresh(), undefined, stamped(1));
    expect(await failureOf(creation)).toEqual({ name, ...expected(code, 'command') });
  });

  it.each(CODES)('%d in the writeErrors of a creation, or of one of two commits', async (code) => {
    mongo.next('insert', asStatement(code));
    const creation = store.commit(fresh(), undefined, stamped(1));
    expect(await failureOf(creation)).toEqual({ name, ...expected(code, 'statement') });
    const [first, second] = [await made(), await made()].sort() as [string, string];
    mongo.next('update', asStatement(code));
    const both = [first, second].map((budget) =>
      failureOf(store.commit(budget, { epoch: 1, revision: 1 }, stamped(2))),
    );
    expect(await Promise.all(both)).toEqual([{ name, ...expected(code, 'statement') }, 'won']);
  });

  it.each(CODES)('%d as the answer to a message of two commits', async (code) => {
    const budgets = [await made(), await made()];
    const asked = asCommand(code);
    mongo.script = (command, ordinary) =>
      nameOf(command) === 'update' ? asked(command, ordinary) : undefined;
    const commits = budgets.map((budget) =>
      failureOf(store.commit(budget, { epoch: 1, revision: 1 }, stamped(2))),
    );
    const { failure } = expected(code, 'command');
    // The message has a guilty commit: where nothing was applied, each is sent by itself, and these are innocent.
    const outcome = failure === 'refused' ? 'won' : { name, failure, likelyRefused: false };
    expect(await Promise.all(commits)).toEqual([outcome, outcome]);
    // One that nobody has heard of may be one commit's fault alone: they go apart for a while.
    const again = budgets.map((budget) =>
      failureOf(store.commit(budget, { epoch: 1, revision: 1 }, stamped(2))),
    );
    if (UNHEARD.includes(code)) expect(await Promise.all(again)).toEqual(['won', 'won']);
    else await Promise.all(again);
  });

  it.each(CODES)('%d as a write-concern error leaves everything open', async (code) => {
    const open = { name, failure: 'unknown', likelyRefused: false };
    const budgets = [await made(), await made(), await made()];
    const commit = (at: number) =>
      failureOf(store.commit(budgets[at] as string, { epoch: 1, revision: 1 }, stamped(2)));
    mongo.next('findAndModify', asWriteConcern(code));
    expect(await commit(0)).toEqual(open);
    mongo.next('update', asWriteConcern(code));
    expect(await Promise.all([commit(1), commit(2)])).toEqual([open, open]);
    mongo.next('insert', asWriteConcern(code));
    expect(await failureOf(store.commit(fresh(), undefined, stamped(1)))).toEqual(open);
    mongo.next('insert', asWriteConcern(code));
    expect(await failureOf(store.writeReceipts('b', [usageReceipt(fresh(), 1)]))).toEqual(open);
    for (const budget of budgets) expect(await store.version(budget)).toEqual({ epoch: 1, revision: 2 });
  });

  it.each(CODES)('%d of documents, which nobody needs to look for: they are written again', async (code) => {
    const { failure, likelyRefused } = expected(code, 'command');
    mongo.next('insert', asCommand(code));
    const asAnswer = failureOf(store.writeReceipts('b', [usageReceipt(fresh(), 1)]));
    const failed = likelyRefused ? 'refused' : failure;
    expect(await asAnswer).toEqual({ name, failure: failed, likelyRefused: false });
    mongo.next('insert', asStatement(code));
    const asOne = failureOf(store.writeReceipts('b', [usageReceipt(fresh(), 1)]));
    expect(await asOne).toEqual({ name, ...expected(code, 'statement') });
  });

  it.each([
    ['unknown', 8000, ['RetryableWriteError']],
    ['unknown', 31337, ['TransientTransactionError']],
    ['unavailable', 11602, ['RetryableWriteError', 'NoWritesPerformed']],
    ['unavailable', 31337, ['SystemOverloadedError', 'RetryableError']],
    ['refused', 121, ['RetryableWriteError']],
  ] as const)('is %s for code %d with the labels %j', async (failure, code, errorLabels) => {
    const budget = await made();
    mongo.next('findAndModify', asCommand(code, { errorLabels }));
    const lone = store.commit(budget, { epoch: 1, revision: 1 }, stamped(2));
    expect(await failureOf(lone)).toEqual({ name, failure, likelyRefused: false });
  });

  it('never is more than unavailable to a read', async () => {
    for (const code of CODES) {
      mongo.next('find', asCommand(code), 2);
      expect(await failureOf(store.load('b'))).toMatchObject({ name, failure: 'unavailable' });
    }
  });

  it('is unknown where the line is cut instead of an answer, of documents too', async () => {
    const budget = await made();
    for (const command of ['findAndModify', 'insert']) {
      mongo.next(command, 'cut');
      const work =
        command === 'insert'
          ? store.writeReceipts('b', [usageReceipt(fresh(), 1)])
          : store.commit(budget, { epoch: 1, revision: 1 }, stamped(2));
      expect(await failureOf(work)).toEqual({ name, failure: 'unknown', likelyRefused: false });
    }
  });
});
