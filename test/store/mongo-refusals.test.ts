import type { Document } from 'mongodb';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Arbiter } from '../../src/arbiter/arbiter.js';
import { PROCESS_SCHEDULER } from '../../src/platform/scheduler.js';
import { openMongoStore } from '../../src/store/mongo/open-mongo-store.js';
import type { BudgetStore } from '../../src/store/store.js';
import { ROOMY } from '../arbiter/support/world.js';
import { caller } from '../support/caller.js';
import { collectedLog } from '../support/collected-log.js';
import { ManualClock } from '../support/manual-clock.js';
import { acquire, recordUnleased } from '../support/requests.js';
import { nameOf, ScriptedMongo } from '../support/scripted-mongo.js';

/** FerretDB's for a validator, CommandNotFound, ImmutableField, Atlas's own, a validator's, one that nobody has heard of. */
const CODES = [525074461, 59, 66, 8000, 121, 31337];
const BUDGETS = ['anthropic', 'openai', 'mistral'];
/** The round that is refused, one for each request of it, a look and a fence for what is not known; and others beside. */
const MOST_COMMANDS = 80;

let mongo: ScriptedMongo;
let store: BudgetStore;
let arbiter: Arbiter;

beforeEach(async () => {
  mongo = await ScriptedMongo.start();
  const clock = new ManualClock('2026-11-10T09:10:00Z');
  store = await openMongoStore({ uri: mongo.uri, database: 'x', monotonic: () => clock.monotonic() });
  const log = collectedLog();
  arbiter = new Arbiter({ store, clock, log, copyId: 'me', maxSkewMs: 2_000, scheduler: PROCESS_SCHEDULER });
  const policy = { ...ROOMY, maxConcurrent: 100 };
  const made = BUDGETS.map((id) => arbiter.submit(id, { kind: 'put-policy', fields: policy }, caller()));
  await Promise.all(made);
});
afterEach(async () => {
  mongo.script = () => undefined;
  await arbiter.stop();
  await store.close();
  await mongo.stop();
});

const mentionsPoison = (part: unknown) => JSON.stringify(part).includes('poison');

/** Refuses whatever has to do with one AI: in the place where a MongoDB says it of one statement, or as the whole answer. */
function refuse(code: number, place: 'command' | 'statement'): void {
  const says = { code, errmsg: 'not like this' };
  mongo.script = (command, ordinary) => {
    if (nameOf(command) === 'findAndModify' && mentionsPoison(command)) return { ok: 0, ...says };
    if (nameOf(command) !== 'update' || !mentionsPoison(command)) return undefined;
    if (place === 'command') return { ok: 0, ...says };
    const statements: readonly Document[] = command['updates'];
    const writeErrors = statements.flatMap((one, index) => (mentionsPoison(one) ? [{ index, ...says }] : []));
    command['updates'] = statements.filter((one) => !mentionsPoison(one));
    return { ...ordinary(), writeErrors };
  };
}

it.each(CODES.flatMap((code) => [[code, 'statement'] as const, [code, 'command'] as const]))(
  'code %d in a %s refuses the guilty request alone, and nothing goes on for ever',
  async (code, place) => {
    refuse(code, place);
    mongo.commands.length = 0;
    // Alone, with others of its budget, and in one message with other budgets.
    const ais = ['a', 'poison', 'b', 'c'];
    const asked = BUDGETS.flatMap((budget) =>
      ais.map(async (ai) => {
        const [outcome] = await Promise.allSettled([arbiter.submit(budget, acquire(ai), caller())]);
        return [ai, outcome.status === 'fulfilled' ? outcome.value.kind : outcome.reason.failure] as const;
      }),
    );
    const answers = await Promise.all(asked);
    const expected = ais.map((ai) => [ai, ai === 'poison' ? 'STORE_REFUSED' : 'granted']);
    expect(answers).toEqual(BUDGETS.flatMap(() => expected));
    expect(mongo.commands.length).toBeLessThan(MOST_COMMANDS);
    for (const budget of BUDGETS) {
      const leases = (await store.load(budget))?.sections.leases.values() ?? [];
      expect(Array.from(leases, ({ aiId }) => aiId).sort()).toEqual(['a', 'b', 'c']);
    }
  },
);

it.each([525074461, 121])('code %d for one receipt does not hold up the others', async (code) => {
  const says = { code, errmsg: 'not like this' };
  const isPoison = (one: Document) => /poison-usage/.test(JSON.stringify(one['_id'] ?? one['q']));
  mongo.script = (command, ordinary) => {
    const list = command['insert'] === 'receipts' ? 'documents' : 'updates';
    if (command['insert'] !== 'receipts' && command['update'] !== 'receipts') return undefined;
    const all: readonly Document[] = command[list];
    const writeErrors = all.flatMap((one, index) => (isPoison(one) ? [{ index, ...says }] : []));
    if (writeErrors.length === 0) return undefined;
    command[list] = all.filter((one) => !isPoison(one));
    return { ...ordinary(), writeErrors };
  };
  arbiter.start();
  const ids = ['u1', 'u2', 'poison-usage', 'u3', 'u4'];
  await Promise.all(ids.map((id) => arbiter.submit('openai', recordUnleased('a', id, 10), caller())));
  await expect
    .poll(async () => [...((await store.load('openai'))?.sections.outbox.keys() ?? [])], { timeout: 15_000 })
    .toEqual([expect.stringContaining('poison-usage')]);
});

it('a document of which every change is refused fails its requests, and nothing goes on for ever', async () => {
  mongo.script = (command) =>
    ['update', 'findAndModify'].includes(nameOf(command) ?? '')
      ? { ok: 0, code: 8000, errmsg: 'm' }
      : undefined;
  mongo.commands.length = 0;
  const asked = ['a', 'b'].map((ai) => arbiter.submit('openai', acquire(ai), caller()));
  for (const { reason } of (await Promise.allSettled(asked)) as PromiseRejectedResult[]) {
    expect(reason).toMatchObject({ failure: 'STORE_REFUSED' });
  }
  expect(mongo.commands.length).toBeLessThan(MOST_COMMANDS);
});
