import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOMY_MESSAGE } from '../support/policies.js';
import { randomFrom } from '../support/seed.js';
import { expectBooked, untilNobodyHoldsASlot } from './support/books.js';
import { Load } from './support/load.js';
import type { AcquireAnswer } from './support/messages.js';
import { describeOnEveryStore } from './support/places.js';
import { Replicas } from './support/replicas.js';
import { untilTrue } from './support/until.js';

const BUDGET = 'killed';
const AIS = 12;
const SLOTS = 6;
const KILLS = 10;
/** Reports that are acknowledged between two kills, at least and at most. */
const BETWEEN = { least: 20, most: 80 };

describeOnEveryStore('a server that is killed under load', (place) => {
  let replicas: Replicas;
  beforeAll(async () => {
    replicas = await Replicas.start(place);
    const policy = { ...ROOMY_MESSAGE, max_concurrent: SLOTS };
    await replicas.clients().admin('CreateBudget', { budget_id: BUDGET, policy });
  });
  afterAll(() => replicas?.stop());

  it(`keeps every acknowledged usage once, and every slot, ${KILLS} times`, {
    timeout: 600_000,
  }, async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    console.info(`seed ${seed}`);
    const random = randomFrom(seed);
    const load = new Load(replicas, BUDGET, random);
    const working = load.work(AIS);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const wanted = load.reports + BETWEEN.least + Math.floor(random() * (BETWEEN.most - BETWEEN.least));
      await Promise.race([working, untilTrue('the load goes on', () => load.reports >= wanted, 20_000)]);
      await replicas.killAndRestart(kill);
    }
    load.stop();
    await working;
    await replicas.killAndRestart(0);
    await expectBooked(place, replicas.clients(), BUDGET, load);

    await untilNobodyHoldsASlot(replicas.clients(), BUDGET);
    const again = Array.from({ length: SLOTS }, (_, ai) =>
      replicas.clients(ai).call<AcquireAnswer>('AcquireSlot', { budget_id: BUDGET, ai_id: `later-${ai}` }),
    );
    expect((await Promise.all(again)).map(({ outcome }) => outcome)).toEqual(again.map(() => 'granted'));
    await expectBooked(place, replicas.clients(), BUDGET, load);
  });
});
