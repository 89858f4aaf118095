import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectBooked, untilNobodyHoldsASlot } from '../end-to-end/support/books.js';
import { Load } from '../end-to-end/support/load.js';
import { Replicas } from '../end-to-end/support/replicas.js';
import { describeMongo, temporaryDatabase } from '../support/mongo.js';
import { ROOMY_MESSAGE } from '../support/policies.js';
import { randomFrom } from '../support/seed.js';

/** So long does somebody else do what they like to the servers: `run.sh`. */
const SECONDS = Number(process.env['REAL_MONGO_SECONDS'] ?? 3);
/** MongoDB's own images, where nothing may be missing. */
const REAL = process.env['REAL_MONGO'] === '1';
const BUDGETS = ['one', 'two', 'three'];
const AIS = 8;
/** An election after a partition takes half a minute where nobody is in a hurry. */
const PATIENCE_MS = 90_000;
const COLLECTIONS = ['budgets', 'usage', 'receipts', 'changes', 'copies', 'marks', 'probe'];
const REFUSED_BY_VALIDATOR = [121, 525074461];

describeMongo('two replicas under load, whatever becomes of their MongoDB', (uri) => {
  // A database of a fixed name, since the user there may use no other; it goes with its containers.
  const database = process.env['REAL_MONGO_DATABASE'] ?? temporaryDatabase(uri);
  const place = {
    replicas: 2,
    env: { MONGODB_URI: uri, MONGODB_DATABASE: database },
    mongo: { uri, database },
  };
  const client = new MongoClient(uri);
  let replicas: Replicas;
  beforeAll(async () => {
    replicas = await Replicas.start(place);
  });
  afterAll(async () => {
    await replicas?.stop();
    await client.close();
  });

  it('have validators, and they are on', async () => {
    const db = client.db(database);
    const infos = await db.listCollections().toArray();
    const validators = new Map(
      infos.map((info) => [info.name, 'options' in info && info.options?.['validator']]),
    );
    for (const name of COLLECTIONS) {
      expect(validators.get(name), name).toHaveProperty('$jsonSchema');
      const code = expect.toSatisfy((given) => REFUSED_BY_VALIDATOR.includes(given));
      const wrong = db.collection<{ _id: number }>(name).insertOne({ _id: 7 });
      await expect(wrong, name).rejects.toMatchObject({ code });
    }
    for (let replica = 0; replica < replicas.count; replica += 1) {
      expect(JSON.stringify(replicas.replica(replica).service.logs)).not.toContain(
        'does not check documents',
      );
    }
  });

  it(`book every acknowledged usage once, after ${SECONDS} s`, {
    timeout: SECONDS * 1_000 + 300_000,
  }, async () => {
    const loads = BUDGETS.map((budget, at) => new Load(replicas, budget, randomFrom(at + 1), PATIENCE_MS));
    for (const budget_id of BUDGETS) {
      await replicas
        .clients()
        .admin('CreateBudget', { budget_id, policy: { ...ROOMY_MESSAGE, max_concurrent: 4 } });
    }
    const working = loads.map((load) => load.work(AIS));
    let end = () => {};
    const over = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, SECONDS * 1_000);
      end = () => clearTimeout(timer);
    });
    await Promise.race([over, ...working]);
    end();
    for (const load of loads) load.stop();
    await Promise.all(working);
    for (const [at, budget] of BUDGETS.entries()) {
      const load = loads[at] as Load;
      console.info(`${budget}: ${load.reports} reports acknowledged`);
      expect(load.reports).toBeGreaterThan(0);
      for (let replica = 0; replica < replicas.count; replica += 1) {
        await expectBooked(place, replicas.clients(replica), budget, load);
      }
      await untilNobodyHoldsASlot(replicas.clients(), budget);
    }
  });

  it.runIf(REAL)('may do no more than the role says', async () => {
    await expect(client.db(database).dropDatabase()).rejects.toMatchObject({ code: 13 });
    await expect(client.db('other').collection('x').insertOne({})).rejects.toMatchObject({ code: 13 });
  });
});
