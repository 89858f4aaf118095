import { beforeEach, describe, expect, it } from 'vitest';
import { StateReads } from '../../../src/arbiter/state-reads.js';
import { openMemoryStore } from '../../../src/store/memory/memory-store.js';
import type { BudgetStore, Freshness, StateVersion } from '../../../src/store/store.js';
import { FaultyStore } from '../../support/faulty-store.js';

/** A store whose recent reads may show another state than its current ones. */
class TwoFaced extends FaultyStore {
  current: StateVersion | undefined;
  recent: StateVersion | undefined;
  readonly asked: Freshness[] = [];

  override async load(_: string, freshness: Freshness = 'current') {
    this.asked.push(freshness);
    const head = this[freshness];
    return (head && { head, sections: {} }) as Awaited<ReturnType<BudgetStore['load']>>;
  }

  override async version() {
    return this.current;
  }
}

const at = (revision: number, epoch = 1): StateVersion => ({ epoch, revision });
let store: TwoFaced;
let reads: StateReads;

beforeEach(async () => {
  store = new TwoFaced(await openMemoryStore({ exclusive: false }));
  reads = new StateReads(store, 'b');
});

function show(current: StateVersion | undefined, recent = current): void {
  store.current = current;
  store.recent = recent;
}

const load = async () => {
  const { stored, isCurrent } = await reads.load();
  return [stored?.head, isCurrent];
};

describe('the reads of a budget', () => {
  it('begin with a current one, and then ask for no more than a commit will prove', async () => {
    show(at(7));
    expect(await load()).toEqual([at(7), true]);
    expect(await load()).toEqual([at(7), false]);
    expect(store.asked).toEqual(['current', 'recent']);
  });

  it.each([
    ['an earlier revision', at(6)],
    ['an earlier epoch', at(9, 0)],
    ['nothing', undefined],
  ])('take nothing older than what was seen: %s', async (_, older) => {
    show(at(7));
    await load();
    store.recent = older;
    expect(await load()).toEqual([at(7), true]);
    expect(store.asked).toEqual(['current', 'recent', 'current']);
  });

  it('take nothing older than what was committed', async () => {
    show(undefined);
    await load();
    reads.saw(at(1));
    store.current = at(1);
    expect(await load()).toEqual([at(1), true]);
  });

  it('take what is later, also of a later epoch with any revision', async () => {
    for (const later of [at(7), at(8), at(3, 2)]) {
      show(later);
      expect((await load())[0]).toEqual(later);
    }
  });

  it('find out that others have committed, and then prove what comes next', async () => {
    show(at(7));
    await load();
    expect(await reads.isCurrent(at(7))).toBe(true);
    show(at(8), at(7));
    expect(await reads.isCurrent(at(7))).toBe(false);
    expect(await load()).toEqual([at(8), true]);
  });

  it('are current after an outcome that was unknown', async () => {
    show(at(7));
    await load();
    reads.doubt();
    expect(await load()).toEqual([at(7), true]);
  });

  it('say so where the data was set back under the service, and go on when it is as it was', async () => {
    show(at(7));
    await load();
    show(at(3));
    await expect(load()).rejects.toMatchObject({
      failure: 'unavailable',
      message: expect.stringContaining('start all replicas anew'),
    });
    show(at(7));
    expect((await load())[0]).toEqual(at(7));
  });
});
