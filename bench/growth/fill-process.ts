import { MongoClient } from 'mongodb';
import type * as Decide from '../../src/domain/decide.js';
import type * as Finish from '../../src/domain/finish.js';
import type * as Ledgers from '../../src/domain/ledger/ledger.js';
import { STATE_FORMAT, type StatePatch, type UsageDay } from '../../src/domain/model/state.js';
import type * as Documents from '../../src/store/mongo/documents.js';
import { built } from '../built.js';
import { ROOMY_FIELDS } from '../roomy-fields.js';
import { eachOf } from '../serve/budgets.js';
import { Inside, openStoreAt, type StorePlace } from './inside.js';

/** `fill-process.ts PLACE WHAT COUNT`: fills a store that no service has open. */
const AIS = 200;
const MODELS = 20;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const INSERTED_AT_ONCE = 1_000;

const { decide } = await built<typeof Decide>('domain/decide.js');
const { finish } = await built<typeof Finish>('domain/finish.js');
const { Ledger } = await built<typeof Ledgers>('domain/ledger/ledger.js');
const { newDocument } = await built<typeof Documents>('store/mongo/documents.js');

const WHAT = { budgets, records, year } satisfies Record<
  string,
  (place: StorePlace, count: number) => Promise<void>
>;
export type Filling = keyof typeof WHAT;

/** Budgets that nobody uses and that have nothing left to write out, `budget-0` and so on. */
async function budgets(place: StorePlace, count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, number) => `budget-${number}`);
  const store = await openStoreAt(place);
  try {
    if ('dataDir' in place) {
      await eachOf(ids, (id) => store.commit(id, undefined, settled(creation(id))));
      return;
    }
    const client = new MongoClient(place.uri);
    const collection = client.db(place.database).collection<{ _id: string }>('budgets');
    for (let from = 0; from < count; from += INSERTED_AT_ONCE) {
      const some = ids.slice(from, from + INSERTED_AT_ONCE);
      await collection.insertMany(some.map((id) => newDocument(id, settled(creation(id)))));
    }
    await client.close();
  } finally {
    await store.close();
  }
}

function creation(budgetId: string): StatePatch {
  const ledger = Ledger.of(budgetId, undefined);
  const evidence = { receipts: new Map(), days: new Map() };
  const request = { kind: 'put-policy', fields: ROOMY_FIELDS } as const;
  decide(ledger, request, { time: Date.now(), maxSkewMs: 2_000, evidence });
  const patch = finish(ledger, { copyId: 'fill', seq: 1 }, false);
  if (patch === undefined) throw new Error('a creation changes nothing');
  return patch;
}

/** As it stands once the record of its creation is written out: else the service would take all of them into memory, to do that. */
function settled({ head, puts, ...rest }: StatePatch): StatePatch {
  const { wakeAt: _, ...asleep } = head;
  return { ...rest, head: asleep, puts: puts.filter(({ section }) => section !== 'changes') };
}

/** Records of today by 200 AIs with 20 models, in a budget named after their number. */
async function records(place: StorePlace, count: number): Promise<void> {
  const inside = await Inside.open(place);
  const budgetId = `records-${count}`;
  await inside.create(budgetId);
  await eachOf(
    Array.from({ length: count }, (_, number) => number),
    (number) => inside.recordUnleased(budgetId, `ai-${number % AIS}`, `model-${number % MODELS}`),
    512,
  );
  await inside.close();
}

/** So many days before today, each with every hour, 200 AIs and 20 models, in the budget `year`. */
async function year(place: StorePlace, count: number): Promise<void> {
  const store = await openStoreAt(place);
  await store.commit('year', undefined, creation('year'));
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const days = Array.from({ length: count }, (_, back) => pastDay(today - (count - back) * DAY_MS));
  for (const day of days) await store.writeDays([day]);
  await store.close();
}

function pastDay(start: number): UsageDay {
  const hours = Array.from({ length: 24 }, (_, hour) => ({ start: start + hour * HOUR_MS, tokens: 1_000 }));
  const named = (name: string, length: number) =>
    new Map(Array.from({ length }, (_, at) => [`${name}-${at}`, 24_000 / length]));
  return {
    ...{ budgetId: 'year', epoch: 1, day: new Date(start).toISOString().slice(0, 10) },
    ...{ start, end: start + DAY_MS, revision: 1, total: 24_000, presumed: 0, late: 0 },
    ...{
      format: STATE_FORMAT,
      hours,
      ais: named('ai', AIS),
      models: named('model', MODELS),
      presumedBy: new Map(),
      toppedAis: new Map(),
      toppedModels: new Map(),
      parts: new Map(),
    },
  };
}

const [place, what, count] = process.argv.slice(2);
await WHAT[what as Filling](JSON.parse(place ?? '') as StorePlace, Number(count));
process.exit();
