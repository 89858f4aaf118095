import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOMY_MESSAGE } from '../support/policies.js';
import { randomFrom } from '../support/seed.js';
import { expectBooked, untilNobodyHoldsASlot } from './support/books.js';
import { Copies } from './support/copies.js';
import { Load } from './support/load.js';
import type { AcquireAnswer } from './support/messages.js';
import { describeOnEveryStore } from './support/places.js';
import { untilTrue } from './support/until.js';

const BUDGET = 'killed';
const AIS = 12;
const SLOTS = 6;
const KILLS = 10;
/** Reports that are acknowledged between two kills, at least and at most. */
const BETWEEN = { least: 20, most: 80 };

describeOnEveryStore('a server that is killed under load', (place) => {
  let copies: Copies;
  beforeAll(async () => {
    copies = await Copies.start(place);
    const policy = { ...ROOMY_MESSAGE, max_concurrent: SLOTS };
    await copies.clients().admin('CreateBudget', { budget_id: BUDGET, policy });
  });
  afterAll(() => copies?.stop());

  it(`keeps every acknowledged usage once, and every slot, ${KILLS} times`, {
    timeout: 180_000,
  }, async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    console.info(`seed ${seed}`);
    const random = randomFrom(seed);
    const load = new Load(copies, BUDGET, random);
    const working = load.work(AIS);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const wanted = load.reports + BETWEEN.least + Math.floor(random() * (BETWEEN.most - BETWEEN.least));
      await Promise.race([working, untilTrue('the load goes on', () => load.reports >= wanted, 20_000)]);
      await copies.killAndRestart(kill);
    }
    load.stop();
    await working;
    await copies.killAndRestart(0);
    await expectBooked(place, copies.clients(), BUDGET, load);

    await untilNobodyHoldsASlot(copies.clients(), BUDGET);
    const again = Array.from({ length: SLOTS }, (_, ai) =>
      copies.clients(ai).call<AcquireAnswer>('AcquireSlot', { budget_id: BUDGET, ai_id: `later-${ai}` }),
    );
    expect((await Promise.all(again)).map(({ outcome }) => outcome)).toEqual(again.map(() => 'granted'));
    await expectBooked(place, copies.clients(), BUDGET, load);
  });
});
