import { describe, expect, it } from 'vitest';
import type { SectionPut, StatePatch } from '../../src/domain/model/state.js';
import type { BudgetStore } from '../../src/store/store.js';
import type { ContractOptions, Subject } from './contract.js';
import { change, contentOf, head, lease, leaseReceipt, NASTY_NAMES, patch, T0 } from './samples.js';

const RACERS = 16;

export function describeCommits(subject: Subject, { rounds }: ContractOptions): void {
  describe('compare-and-swap', () => {
    it('creates a budget only where there is none', async () => {
      const { store } = subject;
      expect(await store.load('b')).toBeUndefined();
      expect(await store.version('b')).toBeUndefined();
      expect(await store.commit('b', { epoch: 1, revision: 1 }, patch(2))).toBe('lost');
      expect(await store.commit('b', undefined, patch(1))).toBe('won');
      expect(await store.commit('b', undefined, patch(1, { puts: [monthAi('x', 1)] }))).toBe('lost');
      expect(contentOf(await store.load('b'))).toEqual({ head: head(1), sections: {} });
      expect(await store.version('b')).toEqual({ epoch: 1, revision: 1 });
    });

    it('wants the same epoch and the same revision', async () => {
      const { store } = subject;
      await store.commit('b', undefined, patch(5));
      for (const expected of [
        { epoch: 1, revision: 4 },
        { epoch: 1, revision: 6 },
        { epoch: 2, revision: 5 },
      ]) {
        expect(await store.commit('b', expected, patch(6))).toBe('lost');
      }
      expect(await store.commit('b', { epoch: 1, revision: 5 }, patch(6))).toBe('won');
    });

    it(`has one winner among ${RACERS}, ${rounds} times, and applies nothing of a loser`, async () => {
      const { store, peer } = subject.current;
      await store.commit('b', undefined, patch(1, { puts: [monthAi('base', 0)] }));
      for (let round = 1; round <= rounds; round += 1) {
        await race([store, peer], round);
      }
    }, 120_000);

    it(`has one winner among ${RACERS} creators`, async () => {
      const { store, peer } = subject.current;
      const results = await Promise.all(
        racers((i) =>
          (i % 2 ? store : peer).commit('n', undefined, patch(1, { puts: [monthAi(`r${i}`, i)] })),
        ),
      );
      expect(results.filter((result) => result === 'won')).toHaveLength(1);
      const winner = results.indexOf('won');
      expect((await store.load('n'))?.sections.monthAis).toEqual(new Map([[`r${winner}`, winner]]));
    });

    it('lets different budgets win at once', async () => {
      const { store } = subject;
      const ids = ['b', 'b-', 'b.c', 'b0', 'a', 'b'.repeat(63)];
      const results = await Promise.all(
        ids.map((id, i) => store.commit(id, undefined, patch(1, { puts: [monthAi('x', i)] }))),
      );
      expect(new Set(results)).toEqual(new Set(['won']));
      for (const [i, id] of ids.entries()) {
        expect((await store.load(id))?.sections.monthAis).toEqual(new Map([['x', i]]));
      }
    });

    it('lets only those lose, of many budgets at once, again and again, that expect another version', async () => {
      const { store } = subject;
      const ids = Array.from({ length: 24 }, (_, i) => `b${i}`);
      const revisions = ids.map(() => 0);
      for (let turn = 0; turn < 8; turn += 1) {
        const wrong = (i: number) => turn > 0 && i % 8 === turn;
        const results = await Promise.all(
          ids.map((id, i) => {
            const before = revisions[i] ?? 0;
            const expected = before === 0 ? undefined : at(wrong(i) ? before + 1 : before);
            return store.commit(id, expected, patch(before + 1, { puts: [monthAi('x', turn)] }));
          }),
        );
        expect(results).toEqual(ids.map((_, i) => (wrong(i) ? 'lost' : 'won')));
        for (const [i, result] of results.entries())
          if (result === 'won') revisions[i] = (revisions[i] ?? 0) + 1;
      }
      const loaded = await Promise.all(ids.map((id) => store.load(id)));
      expect(loaded.map((state) => state?.head.revision)).toEqual(revisions);
      const lastWon = ids.map((_, i) => (i % 8 === 7 ? 6 : 7));
      expect(loaded.map((state) => state?.sections.monthAis.get('x'))).toEqual(lastWon);
    });
  });

  describe('entries', () => {
    it('come back under their names, whatever those are', async () => {
      const { store } = subject;
      const puts = NASTY_NAMES.flatMap((name, i) => [monthAi(name, i), dayModel(`2026-11-24 ${name}`, i)]);
      await store.commit('b', undefined, patch(1, { puts }));
      await store.commit('b', at(1), patch(2, { puts: NASTY_NAMES.map((name) => monthModel(name, 1e12)) }));
      const { monthAis, dayModels, monthModels } = (await store.load('b'))?.sections ?? {};
      expect(monthAis).toEqual(new Map(NASTY_NAMES.map((name, i) => [name, i])));
      expect(dayModels).toEqual(new Map(NASTY_NAMES.map((name, i) => [`2026-11-24 ${name}`, i])));
      expect(monthModels).toEqual(new Map(NASTY_NAMES.map((name) => [name, 1e12])));

      await store.commit(
        'b',
        at(2),
        patch(3, { drops: NASTY_NAMES.map((key) => ({ section: 'monthAis', key })) }),
      );
      const after = (await store.load('b'))?.sections;
      expect(after?.monthAis).toEqual(new Map());
      expect(after?.dayModels.size).toBe(NASTY_NAMES.length);
    });

    it('change one by one: put, put again, drop, drop what is not there', async () => {
      const { store } = subject;
      await store.commit('b', undefined, patch(1, { puts: [monthAi('x', 1), monthAi('y', 1)] }));
      const drops = [{ section: 'monthAis' as const, key: 'y' }];
      await store.commit('b', at(1), patch(2, { puts: [monthAi('x', 2), monthAi('z', 3)], drops }));
      await store.commit('b', at(2), patch(3, { drops }));
      const expected = new Map([
        ['x', 2],
        ['z', 3],
      ]);
      expect((await store.load('b'))?.sections.monthAis).toEqual(expected);
    });

    it('of a reset section are gone, but for what the same commit puts', async () => {
      const { store } = subject;
      const puts = [monthAi('x', 1), monthAi('y', 1), monthModel('m', 1), dayModel('2026-11-24 m', 1)];
      await store.commit('b', undefined, patch(1, { puts }));
      const change: Partial<StatePatch> = {
        resets: ['monthAis', 'monthModels'],
        puts: [monthAi('y', 2), monthAi('z', 3)],
      };
      await store.commit('b', at(1), patch(2, change));
      expect(contentOf(await store.load('b'))).toEqual({
        head: head(2),
        sections: {
          monthAis: new Map([
            ['y', 2],
            ['z', 3],
          ]),
          dayModels: new Map([['2026-11-24 m', 1]]),
        },
      });
      expect(await store.commit('b', at(1), patch(2, { resets: ['monthAis'] }))).toBe('lost');
      expect((await store.load('b'))?.sections.monthAis.size).toBe(2);
    });

    it('of every kind come back as they were', async () => {
      const { store } = subject;
      const puts = everyKind();
      await store.commit('b', undefined, patch(1));
      await store.commit('b', at(1), patch(2, { puts, head: head(2, { wakeAt: T0 + 5, fence: 2 ** 40 }) }));
      const state = await store.load('b');
      expect(state?.head).toEqual(head(2, { wakeAt: T0 + 5, fence: 2 ** 40 }));
      for (const { section, key, value } of puts) {
        const kept = section === 'outbox' && store.receiptsInCommit;
        const found = kept ? await store.findReceipts('b', [key]) : state?.sections[section];
        if (kept) expect(state?.sections.outbox.size).toBe(0);
        expect(found?.get(key), `${section} ${key}`).toEqual(value);
      }
    });

    it('are copies: nobody can reach into the stored state', async () => {
      const { store } = subject;
      const label = { team: 'blue' };
      await store.commit(
        'b',
        undefined,
        patch(1, { puts: [{ section: 'leases', key: '7', value: lease({ labels: label }) }] }),
      );
      label.team = 'red';
      const first = (await store.load('b'))?.sections.leases.get('7');
      Object.assign(first ?? {}, { reserved: -1 });
      expect((await store.load('b'))?.sections.leases.get('7')).toEqual(lease({ labels: { team: 'blue' } }));
    });

    it('may be many in one commit', async () => {
      const { store } = subject;
      const puts = Array.from({ length: 3_000 }, (_, i) => monthAi(`ai-${i}`, i));
      expect(await store.commit('b', undefined, patch(1, { puts }))).toBe('won');
      expect(await store.commit('b', at(1), patch(2, { puts }))).toBe('won');
      expect((await store.load('b'))?.sections.monthAis.size).toBe(3_000);
    });
  });

  it('continues a deleted budget with the next epoch', async () => {
    const { store } = subject;
    await store.commit('b', undefined, patch(1, { puts: [monthAi('x', 1)] }));
    const tombstone = head(2, { deleted: true });
    await store.commit('b', at(1), { head: tombstone, resets: ['monthAis'], puts: [], drops: [] });
    expect(contentOf(await store.load('b'))).toEqual({ head: tombstone, sections: {} });
    expect(await store.commit('b', undefined, patch(1))).toBe('lost');
    const recreated = head(3, { epoch: 2 });
    const change = { head: recreated, resets: [], puts: [monthAi('y', 1)], drops: [] };
    expect(await store.commit('b', at(2), change)).toBe('won');
    expect(await store.commit('b', { epoch: 1, revision: 3 }, patch(4))).toBe('lost');
    expect(await store.version('b')).toEqual({ epoch: 2, revision: 3 });
  });
}

async function race(stores: readonly [BudgetStore, BudgetStore], round: number): Promise<void> {
  const results = await Promise.all(
    racers((i) => stores[i % 2 === 0 ? 0 : 1].commit('b', at(round), racersPatch(round, i))),
  );
  expect(results.filter((result) => result === 'won')).toHaveLength(1);
  const state = await stores[1].load('b');
  const winner = results.indexOf('won');
  expect(state?.head.fence).toBe(round * 100 + winner);
  expect(state?.sections.monthAis).toEqual(new Map([[`${round}-${winner}`, round]]));
  expect(await stores[0].version('b')).toEqual(at(round + 1));
}

/** Each leaves a trace of its own, and removes that of the winner before. */
function racersPatch(round: number, racer: number): StatePatch {
  return {
    head: head(round + 1, { fence: round * 100 + racer }),
    resets: round % 3 === 0 ? ['monthAis'] : [],
    puts: [monthAi(`${round}-${racer}`, round)],
    drops:
      round % 3 === 0
        ? []
        : ['base', ...racers((i) => `${round - 1}-${i}`)].map((key) => ({ section: 'monthAis', key })),
  };
}

function racers<T>(make: (racer: number) => T): T[] {
  return Array.from({ length: RACERS }, (_, i) => make(i));
}

const at = (revision: number) => ({ epoch: 1, revision });
const monthAi = (key: string, value: number): SectionPut => ({ section: 'monthAis', key, value });
const monthModel = (key: string, value: number): SectionPut => ({ section: 'monthModels', key, value });
const dayModel = (key: string, value: number): SectionPut => ({ section: 'dayModels', key, value });

function everyKind(): SectionPut[] {
  const fields = {
    monthlyLimit: 200_000,
    maxHourlyPercent: 0.5,
    maxDailyPercentByAi: [['gpt-4.1 $x', 12.5]] as const,
    fallbackBudgetIds: [],
  };
  const day = { start: T0, end: T0 + 1, total: 3, presumed: 1, late: 0, changedAt: 2, settleUntil: 0 };
  return [
    { section: 'settings', key: 'policy', value: { fields, revision: 1 } },
    { section: 'changes', key: '7', value: change(7, 2) },
    { section: 'settings', key: 'pause', value: { reason: 'because: "$a.b"', at: T0 } },
    { section: 'leases', key: '7', value: lease({ labels: { 'a.b': '1', $c: '', ['__proto__']: 'p' } }) },
    { section: 'leases', key: '8', value: lease({ fence: 8, previousGrantAt: T0 - 1 }) },
    {
      section: 'leases',
      key: '9',
      value: lease({ fence: 9, session: { id: 's-1', owner: '', stream: 'stream_1' } }),
    },
    {
      section: 'ais',
      key: 'guardian',
      value: { lastGrantAt: T0, grants: [-2_128_831_035, Number.MAX_SAFE_INTEGER, 1_795_500_000] },
    },
    { section: 'days', key: '2026-11-24', value: { ...day, hours: [{ start: T0, tokens: 3 }] } },
    { section: 'days', key: '2026-11-25', value: { ...day, hours: [], calls: 3, failedCalls: 0 } },
    { section: 'dayAis', key: '2026-11-24 guardian', value: 0 },
    { section: 'dayAis', key: '2026-11-24 gpt-4.1 $x', value: [Number.MAX_SAFE_INTEGER, 10_000, 0] },
    { section: 'dayModels', key: '2026-11-24 m', value: [0, 3, 2] },
    { section: 'dayTotals', key: '2026-11-24', value: Number.MAX_SAFE_INTEGER },
    { section: 'outbox', key: '1:l:0000000000000007', value: leaseReceipt('1:l:0000000000000007', 2) },
    { section: 'writers', key: 'replica.1', value: { seq: 12, at: T0 } },
    {
      section: 'alerts',
      key: `HOURLY ${T0}`,
      value: {
        rule: 'X',
        window: 'HOUR',
        windowStart: T0,
        raisedAt: T0,
        value: 0.25,
        threshold: 80,
        message: 'm',
      },
    },
  ];
}
