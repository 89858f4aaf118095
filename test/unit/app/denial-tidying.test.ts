import { describe, expect, it } from 'vitest';
import { tidyDenials } from '../../../src/app/denial-tidying.js';
import type { DenialWrite } from '../../../src/domain/denials/records.js';
import { openMemoryStore } from '../../../src/store/memory/memory-store.js';
import { FaultyStore } from '../../support/faulty-store.js';
import { ai, pair, ruleDenials } from '../domain/denials/samples.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 29, 14);
const TODAY = NOW - 14 * HOUR;

function write(start: number, writer = 'r-1', budgetId = 'b'): DenialWrite {
  const head = {
    ...{ budgetId, epoch: 1, writer, revision: 1, start, end: start + HOUR, lastAt: start + 5, floor: 0 },
    ...{
      denied: 3,
      wouldDeny: 0,
      rules: [ruleDenials('PAUSED', 3)],
      minutes: [],
      recentAis: [],
      recentAiCount: 0,
    },
  };
  return { head, ais: new Map([['a', ai(3, [pair('PAUSED', 3)])]]), gone: [] };
}

const running = () => false;

async function storeWith(...writes: DenialWrite[]): Promise<FaultyStore> {
  const store = new FaultyStore(await openMemoryStore());
  await store.writeDenials(writes);
  return store;
}

async function kept(store: FaultyStore, budgetId = 'b') {
  const records = await store.readDenials(budgetId, 1, 0, NOW);
  return records.map(({ start, writer, denied }) => `${(start - TODAY) / HOUR} ${writer} ${denied}`).sort();
}

describe('denials that grow old', () => {
  it('are folded once their day is over for 48 hours, hours of all replicas together', async () => {
    const starts = [-3 * DAY, -3 * DAY + HOUR, -2 * DAY, -DAY].map((back) => TODAY + back);
    const store = await storeWith(...starts.map((start) => write(start)), write(TODAY - 3 * DAY, 'r-2'));
    expect(await tidyDenials(store, NOW, running)).toEqual({ folded: 1, removed: 0 });
    expect(await kept(store)).toEqual(['-24 r-1 3', '-48 r-1 3', '-72 day 9']);
    expect(await tidyDenials(store, NOW + 10 * HOUR, running)).toEqual({ folded: 1, removed: 0 });
    expect(await kept(store)).toEqual(['-24 r-1 3', '-48 day 3', '-72 day 9']);
  });

  it('go after 31 days', async () => {
    const store = await storeWith(write(NOW - 31 * DAY - HOUR), write(NOW - 30 * DAY));
    expect(await tidyDenials(store, NOW, running)).toEqual({ folded: 2, removed: 1 });
    expect(await kept(store)).toHaveLength(1);
  });

  it('are counted once where two replicas fold them, or one that died on its way', async () => {
    const store = await storeWith(write(TODAY - 3 * DAY), write(TODAY - 3 * DAY + HOUR));
    await Promise.all([tidyDenials(store, NOW, running), tidyDenials(store, NOW, running)]);
    expect(await kept(store)).toEqual(['-72 day 6']);
    // An hour that came too late, or whose removal did not happen: the day stands.
    await store.writeDenials([write(TODAY - 3 * DAY + HOUR)]);
    await tidyDenials(store, NOW, running);
    expect(await kept(store)).toEqual(['-72 day 6']);
  });

  it('stay while the service stops', async () => {
    const store = await storeWith(write(TODAY - 9 * DAY), write(TODAY - 9 * DAY, 'r-1', 'c'));
    let steps = 0;
    await tidyDenials(store, NOW, () => ++steps > 1);
    expect(
      [...(await kept(store)), ...(await kept(store, 'c'))].filter((line) => line.includes('day')),
    ).toHaveLength(1);
  });
});
