import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databaseOf, newClient } from '../../src/store/mongo/mongo-client.js';
import { openMongoStore, openMongoTransfer } from '../../src/store/mongo/open-mongo-store.js';
import { StoreStartError } from '../../src/store/store.js';
import { nameOf, ScriptedMongo } from '../support/scripted-mongo.js';
import { setMark } from '../transfer/support/stores.js';
import { patch, T0, usageDay, usageReceipt } from './samples.js';

const WRITES = ['insert', 'update', 'delete', 'findAndModify', 'create', 'createIndexes', 'collMod'];
const READS = ['find', 'aggregate'];
/** The latter where the former could show an older state: `mongo-elections.test.ts`. */
const READ_LEVELS = ['majority', 'linearizable'];
const MAJORITY_ON_DISK = { w: 'majority', j: true, wtimeout: 1_000 };

/** All that a URI can say about how sure a write or a read is. */
const HOSTILE =
  '&readConcernLevel=local&w=1&journal=false&wtimeoutMS=0&readPreference=secondary&retryWrites=true' +
  '&promoteLongs=false&promoteValues=false&useBigInt64=false&socketTimeoutMS=0';

describe('whatever MONGODB_URI says', () => {
  let mongo: ScriptedMongo;
  beforeEach(async () => {
    mongo = await ScriptedMongo.start();
  });
  afterEach(() => mongo.stop());

  it.each([
    ['nothing more', ''],
    ['less than a majority', HOSTILE],
    ['it in the old words', '&w=0&j=false&fsync=false&wtimeout=5'],
  ])('every command of every call reads and writes what a majority has on disk: %s', async (_, more) => {
    const uri = mongo.uri + more;
    // As FerretDB does: it makes the collection without its validator.
    mongo.script = (command) => {
      if (!('create' in command) || !('validator' in command)) return undefined;
      mongo.collections.set(command['create'], { options: {}, documents: new Map() });
      return { ok: 1 };
    };
    const store = await openMongoStore({ uri, database: 'x', copyId: 'replica' });
    const stamped = (revision: number) =>
      patch(revision, { puts: [{ section: 'writers', key: 'replica', value: { seq: revision, at: T0 } }] });
    await Promise.all(['a', 'b'].map((budget) => store.commit(budget, undefined, stamped(1))));
    const both = ['a', 'b'].map((budget) => store.commit(budget, { epoch: 1, revision: 1 }, stamped(2)));
    expect(await Promise.all(both)).toEqual(['won', 'won']);
    expect(await store.commit('a', { epoch: 1, revision: 2 }, stamped(3))).toBe('won');
    expect(await store.commit('a', { epoch: 1, revision: 3 }, patch(4))).toBe('won');
    expect((await store.load('a'))?.head.revision).toBe(4);
    await store.writeDays([usageDay('2026-11-24', 1)]);
    await store.writeReceipts('a', [usageReceipt('x', 1)]);
    await Promise.all([store.version('a'), store.findReceipts('a', ['x']), store.list('', 10)]);
    await Promise.all([
      store.due(T0, 10),
      store.readDays('a', 1, '', '~'),
      store.listReceipts('a', '', '', 1),
    ]);
    await store.tidy({ dayBefore: '2026-01-01', receiptsBefore: 1 }, 10);
    await store.time();
    await store.close();
    const transfer = await openMongoTransfer({ uri, database: 'x' });
    await setMark(transfer, { kind: 'restoring', backup: 'x' } as never);
    await transfer.readLabel();
    await transfer.listDays('a', undefined, 1);
    await transfer.close();

    const sent = (names: readonly string[]) =>
      mongo.commands.filter((command) => names.includes(nameOf(command) ?? ''));
    for (const name of [...WRITES, 'find']) expect(sent([name]).length, name).toBeGreaterThan(0);
    for (const command of sent(WRITES)) expect(command).toMatchObject({ writeConcern: MAJORITY_ON_DISK });
    for (const command of sent(WRITES)) expect(command['writeConcern']).not.toHaveProperty('fsync');
    for (const command of sent(READS)) expect(READ_LEVELS).toContain(command['readConcern'].level);
    for (const command of mongo.commands) {
      expect(command['$readPreference'] ?? { mode: 'primary' }).toEqual({ mode: 'primary' });
      expect(command).not.toHaveProperty('txnNumber');
    }
  });
});

/** What must be the same under every URI that is taken at all. */
function inForce(uri: string) {
  const client = newClient(uri, undefined);
  const db = databaseOf(client, 'x');
  const { retryWrites, serverSelectionTimeoutMS, connectTimeoutMS, waitQueueTimeoutMS, socketTimeoutMS } =
    client.options;
  const { readConcern, writeConcern, readPreference, bsonOptions } = db;
  return {
    ...{ retryWrites, serverSelectionTimeoutMS, connectTimeoutMS, waitQueueTimeoutMS, socketTimeoutMS },
    ...{ readConcern, writeConcern, mode: readPreference?.mode, tags: readPreference?.tags },
    ...{ bsonOptions, collection: db.collection('c').writeConcern },
  };
}

describe('no option of a URI', () => {
  const plain = inForce('mongodb://h/');

  it('is there that beats what this service says, whatever its value', async () => {
    const { OPTIONS } = (await import('mongodb/lib/connection_string.js' as string)) as {
      OPTIONS: Readonly<Record<string, unknown>>;
    };
    const names = Object.keys(OPTIONS);
    expect(names).toContain('readConcernLevel');
    let taken = 0;
    for (const name of names) {
      for (const value of ['true', 'false', '0', '1', '5000', 'local', 'secondary', 'majority', 'a:b']) {
        const uri = `mongodb://h/?${name}=${value}`;
        try {
          expect(inForce(uri), uri).toEqual(plain);
          taken += 1;
        } catch (error) {
          if (!(error instanceof StoreStartError)) throw error;
        }
      }
    }
    expect(taken).toBeGreaterThan(100);
  });
});
