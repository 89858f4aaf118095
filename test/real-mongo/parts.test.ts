import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Document, Long } from 'mongodb';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { openMongoTransfer } from '../../src/store/mongo/open-mongo-store.js';
import { patch, usageDay, usageReceipt } from '../store/samples.js';
import { nameOf, ScriptedMongo } from '../support/scripted-mongo.js';
import { setMark } from '../transfer/support/stores.js';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const text = (name: string) => readFileSync(file(name), 'utf8');
const VERSIONS = ['4.4', '5', '6', '7', '8'];

interface Service {
  readonly image: string;
  readonly profiles: readonly string[];
  readonly command: readonly string[];
}

it('the compose file names a replica set of three, two shards and two mongos, and files that are there', () => {
  const { services } = parse(text('compose.yaml'), { merge: true }) as {
    services: Readonly<Record<string, Service & { entrypoint?: string[] }>>;
  };
  const of = (profile: string) =>
    Object.keys(services).filter((name) => services[name]?.profiles.includes(profile));
  expect(of('replica')).toEqual(['mongo1', 'mongo2', 'mongo3', 'tester']);
  expect(of('sharded')).toEqual(['config1', 'shard1', 'shard2', 'mongos1', 'mongos2', 'tester']);
  for (const [name, { image, entrypoint }] of Object.entries(services)) {
    expect(image, name).toMatch(name === 'tester' ? /^\$\{NODE_IMAGE/ : /^mongo:\$\{MONGO_VERSION/);
    if (name !== 'tester') expect(entrypoint).toEqual(['bash', '/real-mongo/node.sh']);
  }
  expect(text('node.sh')).toMatch(/--tlsMode requireTLS[\s\S]*enableTestCommands=1/);
  const { scripts } = JSON.parse(text('../../package.json')) as { scripts: Record<string, string> };
  expect(scripts).toHaveProperty(services['tester']?.command[3] as string);
});

it('the script is bash, and its dry run goes through every version and fault', () => {
  for (const name of ['run.sh', 'node.sh']) execFileSync('bash', ['-n', file(name)]);
  const env = { ...process.env, DRY_RUN: '1', SECRETS: '/nowhere' };
  const said = execFileSync('bash', [file('run.sh')], { env, encoding: 'utf8' });
  for (const version of VERSIONS) expect(said).toContain(`=== MongoDB ${version}\n`);
  const times = (part: string) => said.split(part).length - 1;
  const each = VERSIONS.length;
  expect(times('replSetStepDown')).toBe(each);
  expect(times('kill --signal KILL mongo1')).toBe(each);
  expect(times('network disconnect')).toBe(each);
  expect(times('network connect')).toBe(each);
  expect(times('configureFailPoint')).toBe(each * 5);
  expect(times('run --rm tester')).toBe(each * 3);
  expect(times('down --volumes')).toBe(each * 3 + 1);
  // In the order that docs/operations.md says: the index, then the command.
  const operations = text('../../docs/operations.md');
  for (const [name, key] of [
    ['budgets', '_id'],
    ['usage', 'budget'],
    ['receipts', 'budget'],
    ['changes', 'budget'],
  ]) {
    const wanted = `.${name}.createIndex({${key}:"hashed"});\n      must(db.adminCommand({shardCollection: 'budget.${name}'`;
    expect(times(wanted), name).toBe(each * 2);
    const documented = `db.${name}.createIndex({ ${key}: "hashed" })`;
    expect(operations.indexOf(documented), name).toBeGreaterThan(0);
    const command = `sh.shardCollection("budget.${name}", { ${key}: "hashed" })`;
    expect(operations.indexOf(command), name).toBeGreaterThan(operations.indexOf(documented));
  }
  expect(text('../../.gitignore')).toContain('test/real-mongo/secrets');
});

/** What MongoDB asks of a user before it runs a command; nothing of one that is not there. */
const ACTIONS: Readonly<Record<string, (command: Document) => readonly string[]>> = {
  find: () => ['find'],
  aggregate: () => ['find'],
  insert: () => ['insert'],
  update: ({ updates }) =>
    updates.some(({ upsert }: Document) => upsert) ? ['update', 'insert'] : ['update'],
  findAndModify: () => ['find', 'update'],
  delete: () => ['remove'],
  listCollections: () => ['listCollections'],
  create: () => ['createCollection'],
  createIndexes: () => ['createIndex'],
  listIndexes: () => ['listIndexes'],
  dropIndexes: () => ['dropIndex'],
  collMod: () => ['collMod'],
};

it('the role has every action that the service needs on its database, and no other', async () => {
  const role = JSON.parse(text('role.json')) as {
    role: string;
    privileges: { resource: Document; actions: string[] }[];
    roles: unknown[];
  };
  const mongo = await ScriptedMongo.start();
  mongo.hello = { localTime: undefined };
  // As FerretDB does: a collection is made without its validator, so that it is set afterwards. An earlier version left its TTL index.
  const ttl = { v: 2, key: { at: 1 }, name: 'at_1', expireAfterSeconds: 604_800 };
  mongo.script = (command) => {
    if (nameOf(command) === 'listIndexes')
      return { ok: 1, cursor: { id: Long.ZERO, ns: `budget.${command['listIndexes']}`, firstBatch: [ttl] } };
    if (nameOf(command) === 'dropIndexes') return { ok: 1 };
    if (nameOf(command) !== 'create') return undefined;
    mongo.collections.set(command['create'], { options: {}, documents: new Map() });
    return { ok: 1 };
  };
  const store = await openMongoTransfer({ uri: mongo.uri, database: 'budget' });
  await store.commit('b', undefined, patch(1));
  await store.commit('b', { epoch: 1, revision: 1 }, patch(2));
  await store.writeDays([usageDay('2026-11-24', 1)]);
  await store.writeReceipts('b', [usageReceipt('x', 1)]);
  await setMark(store, { kind: 'moved' } as never);
  await setMark(store, undefined);
  await store.tidy({ dayBefore: '2026-01-01', receiptsBefore: 1 }, 10);
  await store.close();
  await mongo.stop();
  const needed = mongo.commands.flatMap((command) => {
    const actions = ACTIONS[nameOf(command) ?? ''];
    if (actions === undefined) throw new Error(`${nameOf(command)}: which action does it need?`);
    expect(command['$db']).toBe('budget');
    return actions(command);
  });
  const [privilege, ...others] = role.privileges;
  expect([role.roles, others, privilege?.resource]).toEqual([[], [], { db: 'budget', collection: '' }]);
  expect(new Set(privilege?.actions)).toEqual(new Set(needed));
  const [, inDocs = ''] = /db\.createRole\((\{.*?\})\)\n/s.exec(text('../../docs/mongodb.md')) ?? [];
  expect(JSON.parse(inDocs)).toEqual(role);
});
