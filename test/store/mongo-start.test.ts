import type { Document } from 'mongodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/app/open-store.js';
import { loadConfig } from '../../src/config/config.js';
import type { Scheduler } from '../../src/platform/scheduler.js';
import { openMongoStore } from '../../src/store/mongo/open-mongo-store.js';
import { VALIDATORS } from '../../src/store/mongo/schema.js';
import { StoreStartError, StoreUnreachable } from '../../src/store/store.js';
import { collectedLog } from '../support/collected-log.js';
import { nameOf, ScriptedMongo } from '../support/scripted-mongo.js';

/** What a replica set says while it is started, elects, or loses a member. */
const PASSING = [
  ...[1, 6, 7, 50, 64, 89, 91, 112, 133, 134, 189, 211, 262, 279, 462, 9001],
  ...[10107, 11600, 11601, 11602, 13435, 13436],
];
/** Every command of a start. */
const STEPS = ['ping', 'listCollections', 'create', 'collMod', 'createIndexes'].concat([
  'insert',
  'findAndModify',
  'find',
  'delete',
  'update',
  'aggregate',
]);
const LASTING = [2, 9, 13, 18, 59, 66, 72, 115, 8000, 31337];

let mongo: ScriptedMongo;
const log = collectedLog();
const open = () => openMongoStore({ uri: mongo.uri, database: 'x', copyId: 'me', log });
const errorOf = (work: Promise<{ close(): Promise<void> }>) =>
  work.then(
    (store) => store.close(),
    (error: unknown) => error,
  );
const validators = () =>
  Object.fromEntries(Array.from(mongo.collections, ([name, { options }]) => [name, options]));
const IN_PLACE = Object.fromEntries(
  Object.entries(VALIDATORS).map(([name, validator]) => [name, { validator }]),
);

beforeEach(async () => {
  mongo = await ScriptedMongo.start();
  log.entries.length = 0;
});
afterEach(() => mongo.stop());

/** As FerretDB does: a collection is made without its validator. And `hello` has no time, so that `$$NOW` is asked for. */
function everyStep(more: (command: Document) => Document | undefined): void {
  mongo.hello = { localTime: undefined };
  mongo.script = (command, ordinary) => {
    const answer = more(command);
    if (answer !== undefined) return answer;
    const made = ordinary();
    if (nameOf(command) === 'create')
      mongo.collections.set(command['create'], { options: {}, documents: new Map() });
    // The validator is on: what breaks it is refused.
    if (nameOf(command) !== 'insert' || command['documents'][0]._id !== 'breaks-the-validator') return made;
    mongo.collections.get('probe')?.documents.delete('breaks-the-validator');
    return { ok: 1, n: 0, writeErrors: [{ index: 0, code: 121, errmsg: 'm' }] };
  };
}

describe('a start on a MongoDB', () => {
  it.each(PASSING)('is tried again after code %d, and sets the validators then', async (code) => {
    for (const place of ['error', 'write concern'] as const) {
      for (const step of place === 'error' ? ['create', 'collMod'] : ['create']) {
        mongo.collections.clear();
        let failures = 1;
        everyStep((command) => {
          if (nameOf(command) !== step || failures-- <= 0) return undefined;
          if (place === 'error') return { ok: 0, code, errmsg: 'm' };
          return { ok: 1, n: 1, writeConcernError: { code, errmsg: 'm' } };
        });
        expect(await errorOf(open()), `${place} of ${step}`).toBeInstanceOf(StoreUnreachable);
        expect(await errorOf(open()), `${place} of ${step}`).toBeUndefined();
        expect(validators(), `${place} of ${step}`).toEqual(IN_PLACE);
        expect(log.entries).toEqual([]);
      }
    }
  });

  it.each(STEPS)(
    'is tried again whenever %s meets a step-down or a lost line, at every time it is sent',
    async (step) => {
      let sent = 0;
      everyStep((command) => {
        if (nameOf(command) === step) sent += 1;
        return undefined;
      });
      expect(await errorOf(open())).toBeUndefined();
      expect(sent).toBeGreaterThan(0);
      for (const code of [189, 10107]) {
        for (let at = 0; at < Math.min(sent, 3); at += 1) {
          mongo.collections.clear();
          let seen = 0;
          everyStep((command) =>
            nameOf(command) === step && seen++ === at ? { ok: 0, code, errmsg: 'm' } : undefined,
          );
          const first = await errorOf(open());
          // The driver repeats a read by itself.
          if (first !== undefined) expect(first, `${code} at ${at}`).toBeInstanceOf(StoreUnreachable);
          expect(await errorOf(open()), `${code} at ${at}`).toBeUndefined();
          expect(validators()).toEqual(IN_PLACE);
        }
      }
      expect(log.entries).toEqual([]);
    },
  );

  it.each(LASTING)('ends at once with code %d, which does not pass', async (code) => {
    mongo.next('createIndexes', { ok: 0, code, errmsg: 'm' });
    expect(await errorOf(open())).toBeInstanceOf(StoreStartError);
  });

  it.each(LASTING)(
    'goes on without validators that the server refuses with code %d, and says so',
    async (code) => {
      everyStep((command) =>
        'validator' in command ? { ok: 0, code, errmsg: 'no validators here' } : undefined,
      );
      expect(await errorOf(open())).toBeUndefined();
      expect(log.entries).toMatchObject([{ level: 'warn', fields: { why: 'no validators here' } }]);
    },
  );

  it('is not stopped by its own sign of life, of a try whose outcome nobody knew', async () => {
    everyStep((command) => {
      if (command['insert'] !== 'copies') return undefined;
      mongo.collections.get('copies')?.documents.set('me', command['documents'][0]);
      everyStep(() => undefined);
      return { ok: 1, n: 1, writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' } };
    });
    expect(await errorOf(open())).toBeInstanceOf(StoreUnreachable);
    mongo.collections.get('copies')?.documents.set('me', { _id: 'me', beats: 0 });
    expect(await errorOf(open())).toBeUndefined();
  });

  it('is tried for 30 s, every 2 s, with a line for each try, and then ends with the reason', async () => {
    mongo.script = (command) =>
      nameOf(command) === 'create' ? { ok: 0, code: 11602, errmsg: 'operation was interrupted' } : undefined;
    let now = 0;
    const scheduler: Scheduler = {
      after: (delayMs, task) => {
        now += delayMs;
        setImmediate(task);
        return () => {};
      },
      soon: (task) => void setImmediate(task),
      random: () => 0.5,
    };
    const { config } = loadConfig({ MONGODB_URI: mongo.uri });
    const opening = openStore(config, 'me', log, scheduler, () => now);
    await expect(opening).rejects.toThrow(/^gave up after 16 tries in 30 s: .*operation was interrupted/);
    expect(log.entries.map(({ level }) => level)).toEqual(Array(15).fill('warn'));
    expect(now).toBe(30_000);
  });
});

describe('validators', () => {
  const current = { ...VALIDATORS.budgets };
  const version = (number: number) => ({
    $jsonSchema: { ...current['$jsonSchema'], description: `validator of budget-arbiter, version ${number}` },
  });

  it.each([
    ['of no version, as the first release set them', { $jsonSchema: { bsonType: 'object' } }, current],
    ['of a lower version', version(1), current],
    [
      'of this version, changed by hand',
      { $jsonSchema: { ...current['$jsonSchema'], required: [] } },
      current,
    ],
    ['that are none of ours', { total: { $gt: 0 } }, current],
    ['of a newer release, which runs beside', version(99), version(99)],
  ])('%s: which stand after a start', async (_, before, after) => {
    mongo.collections.set('budgets', { options: { validator: before }, documents: new Map() });
    expect(await errorOf(open())).toBeUndefined();
    expect(validators()['budgets']).toEqual({ validator: after });
    const changes = mongo.commands.filter((command) => nameOf(command) === 'collMod');
    expect(changes.map(({ collMod }) => collMod)).toEqual(after === current ? ['budgets'] : []);
  });
});

describe('without the privilege collMod', () => {
  const refused = { ok: 0, code: 13, errmsg: 'not authorized on x to execute command collMod' };
  beforeEach(() => {
    mongo.script = (command) => (nameOf(command) === 'collMod' ? refused : undefined);
  });

  it('the first start makes everything', async () => {
    expect(await errorOf(open())).toBeUndefined();
    expect(validators()).toEqual(IN_PLACE);
  });

  it('an upgrade leaves the old validators, and says so', async () => {
    const old = { $jsonSchema: { bsonType: 'object' } };
    mongo.collections.set('budgets', { options: { validator: old }, documents: new Map() });
    expect(await errorOf(open())).toBeUndefined();
    expect(validators()['budgets']).toEqual({ validator: old });
    expect(log.entries).toMatchObject([{ level: 'warn', fields: { why: refused.errmsg } }]);
  });
});

describe("the server's time", () => {
  const at = 1_790_000_000_000;
  const answers = (name: string, answer: Document) => {
    mongo.script = (command) => (nameOf(command) === name ? { ok: 1, ...answer } : undefined);
  };
  const now = (value: unknown) => ({ cursor: { id: 0n, ns: 'x.marks', firstBatch: [{ now: value }] } });

  it.each([
    ['a date in hello', { localTime: new Date(at) }, ['ping', {}]],
    ['a number in hello', { localTime: at }, ['ping', {}]],
    ['a 64-bit number in hello', { localTime: BigInt(at) }, ['ping', {}]],
    ['$$NOW, where hello has none', { localTime: undefined }, ['aggregate', now(new Date(at))]],
    [
      '$$NOW, where hello has seconds',
      { localTime: Math.floor(at / 1_000) },
      ['aggregate', now(new Date(at))],
    ],
    ['$$NOW, where hello has a text', { localTime: 'today' }, ['aggregate', now(new Date(at))]],
  ] as const)('is %s', async (_, hello, [name, answer]) => {
    mongo.hello = hello;
    answers(name, answer);
    const store = await open();
    const told = await store.time();
    expect(told).toBeGreaterThanOrEqual(at);
    expect(told).toBeLessThan(at + 2_000);
    await store.close();
  });

  it('is that of serverStatus where nothing else tells', async () => {
    mongo.hello = { localTime: undefined };
    mongo.script = (command) => {
      if (nameOf(command) === 'aggregate')
        return { ok: 0, code: 17276, errmsg: 'Use of undefined variable: NOW' };
      return nameOf(command) === 'serverStatus' ? { ok: 1, localTime: new Date(at) } : undefined;
    };
    const store = await open();
    expect(Math.abs(((await store.time()) ?? 0) - at)).toBeLessThan(2_000);
    await store.close();
  });

  it('is found in another way when the server in use changes', async () => {
    const store = await open();
    mongo.hello = { localTime: undefined };
    answers('aggregate', now(new Date(at)));
    expect(Math.abs(((await store.time()) ?? 0) - at)).toBeLessThan(2_000);
    await store.close();
  });

  it('that cannot be had keeps the service from starting, with a line that says so', async () => {
    mongo.hello = { localTime: undefined };
    mongo.script = (command) =>
      ['aggregate', 'serverStatus'].includes(nameOf(command) ?? '')
        ? { ok: 0, code: 13, errmsg: 'm' }
        : undefined;
    const error = await errorOf(open());
    expect(error).toBeInstanceOf(StoreStartError);
    expect(String(error)).toMatch(/does not tell its time.*4\.4\.2 or newer/);
  });
});
