import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Receipt, SectionPut, StatePatch } from '../../src/domain/model/state.js';
import type { JournalRecord } from '../../src/store/lmdb/journal.js';
import type { JournalEntry } from '../../src/store/lmdb/journal-layer.js';
import { headKey, journalKey } from '../../src/store/lmdb/keys.js';
import { LmdbFile } from '../../src/store/lmdb/lmdb-file.js';
import { DATA_FILE, openLmdbStore } from '../../src/store/lmdb/open-lmdb-store.js';
import { put } from '../../src/store/lmdb/value-codec.js';
import { openMemoryStore } from '../../src/store/memory/memory-store.js';
import type { BudgetStore, StateVersion } from '../../src/store/store.js';
import { randomFrom, testSeed } from '../support/seed.js';
import { contentOf, patch, T0, usageReceipt } from './samples.js';

const BUDGETS = ['a', 'b'] as const;
const IDS = Array.from({ length: 400 }, (_, i) => `1:l:${String(i).padStart(16, '0')}`);
const DAY = 86_400_000;
type Random = () => number;

/** A commit that puts, puts again and drops entries, and books receipts of several times; at times it resets or sets a pause. */
function anyPatch(random: Random, revision: number): StatePatch {
  const pick = (many: number) => Math.floor(random() * many);
  const puts = new Map<string, SectionPut>();
  for (let i = pick(400); i > 0; i -= 1) {
    const key = `name ${pick(500)}`;
    puts.set(key, { section: 'monthAis', key, value: revision });
    if (pick(4) === 0) puts.set(`parts ${key}`, { section: 'monthParts', key, value: revision });
  }
  for (let i = pick(40); i > 0; i -= 1) {
    const id = IDS[pick(IDS.length)] ?? '';
    const value = usageReceipt(id, revision, { at: T0 - pick(4) * DAY });
    puts.set(`receipt ${id}`, { section: 'outbox', key: id, value });
  }
  if (pick(40) === 0) {
    puts.set('pause', { section: 'settings', key: 'pause', value: { reason: 'r', at: revision } });
  }
  const resets = pick(60) === 0 ? (['monthAis'] as const) : [];
  const drops = resets.length > 0 ? [] : Array.from({ length: pick(200) }, () => `name ${pick(500)}`);
  return patch(revision, {
    ...{ puts: [...puts.values()], resets },
    drops: [...new Set(drops)]
      .filter((key) => !puts.has(key))
      .map((key) => ({ section: 'monthAis' as const, key })),
  });
}

describe('what the embedded store has in its journals', () => {
  let dataDir: string;
  let store: BudgetStore;
  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'budget-arbiter-journal-'));
    store = await openLmdbStore({ dataDir });
  });
  afterEach(async () => {
    await store.close();
    rmSync(dataDir, { recursive: true });
  });
  const reopen = async () => {
    await store.close();
    store = await openLmdbStore({ dataDir });
  };

  async function expectSame(model: BudgetStore, note: string): Promise<void> {
    for (const budgetId of BUDGETS) {
      expect(contentOf(await store.load(budgetId)), note).toEqual(contentOf(await model.load(budgetId)));
      expect(await store.findReceipts(budgetId, IDS), note).toEqual(await model.findReceipts(budgetId, IDS));
    }
    expect(await store.list('', 9), note).toEqual(await model.list('', 9));
  }

  it('reads as if it were in its place, whatever was committed, listed, tidied and opened again', async () => {
    const seed = testSeed('journals');
    const random = randomFrom(seed);
    const model = await openMemoryStore({ receiptsInCommit: true });
    const versions = new Map<string, StateVersion>();
    for (let step = 0; step < 160; step += 1) {
      const note = `SEED=${seed}, step ${step}`;
      const budgetId = BUDGETS[random() < 0.7 ? 0 : 1];
      const before = versions.get(budgetId);
      const version = { epoch: 1, revision: (before?.revision ?? 0) + 1 };
      const change = anyPatch(random, version.revision);
      expect(await store.commit(budgetId, before, change), note).toBe('won');
      expect(await store.commit(budgetId, before, change), note).toBe('lost');
      await model.commit(budgetId, before, change);
      versions.set(budgetId, version);
      if (random() < 0.1) await reopen();
      if (random() < 0.05) {
        const listed = await store.listReceipts(budgetId, '1:l:', '', 1_000);
        expect(listed, note).toEqual(await model.listReceipts(budgetId, '1:l:', '', 1_000));
      }
      if (random() < 0.05) {
        const older = usageReceipt(IDS[0] ?? '', 1, { at: T0 - DAY });
        for (const each of [store, model]) await each.writeReceipts(budgetId, [older]);
      }
      if (random() < 0.05) {
        const until = T0 - Math.floor(random() * 4) * DAY;
        for (const each of [store, model])
          await each.tidy({ dayBefore: '', receiptsBefore: until }, 1_000_000);
      }
      if (random() < 0.2) await expectSame(model, note);
    }
    await expectSame(model, `SEED=${seed}`);
    await reopen();
    await expectSame(model, `SEED=${seed}`);
  });

  it('is read where a file of format 1 put sections apart that came later', async () => {
    const before: SectionPut[] = [{ section: 'monthAis', key: 'a', value: 1 }];
    await store.commit('b', undefined, patch(1, { puts: before }));
    await store.close();
    const file = LmdbFile.open(join(dataDir, DATA_FILE));
    const more: JournalEntry[] = [
      ['monthParts', 'TEAM t', 2],
      ['of-format-3' as 'monthParts', 'x', 3],
    ];
    const record: JournalRecord = { entries: [['monthAis', 'a', 1]], more, blocksAt: [] };
    const change = put(journalKey('b', 1), record);
    expect(await file.writeIf(headKey('b'), 1, [change])).toBe(true);
    await file.close();
    store = await openLmdbStore({ dataDir });
    const sections = (await store.load('b'))?.sections;
    expect([...(sections?.monthAis ?? [])]).toEqual([['a', 1]]);
    expect([...(sections?.monthParts ?? [])]).toEqual([['TEAM t', 2]]);
  });

  it('of many budgets reads the same when it is too much for the memory', async () => {
    const puts = Array.from(
      { length: 2_000 },
      (_, i): SectionPut => ({ section: 'monthAis', key: `${i}`, value: i }),
    );
    const ids = Array.from({ length: 40 }, (_, i) => `b${i}`);
    for (const id of ids) expect(await store.commit(id, undefined, patch(1, { puts }))).toBe('won');
    const change = (id: string, revision: number) => {
      const value = usageReceipt(`x${id}`, revision);
      return patch(revision, { puts: [...puts.slice(1), { section: 'outbox', key: value.id, value }] });
    };
    for (let revision = 2; revision < 5; revision += 1) {
      for (const id of ids) {
        expect(await store.commit(id, { epoch: 1, revision: revision - 1 }, change(id, revision))).toBe(
          'won',
        );
      }
    }
    for (const id of ids) expect((await store.load(id))?.sections.monthAis.size).toBe(2_000);
    for (const id of ids) expect((await store.findReceipts(id, [`x${id}`])).size).toBe(1);
    await reopen();
    for (const id of ids) expect((await store.findReceipts(id, [`x${id}`])).size).toBe(1);
    for (const id of ids) expect((await store.load(id))?.sections.monthAis.size).toBe(2_000);
  });

  it('holds a commit whose predecessor is still under way', async () => {
    const receipt = (id: string, revision: number): SectionPut => {
      const value: Receipt = usageReceipt(id, revision);
      return { section: 'outbox', key: id, value };
    };
    await store.commit('b', undefined, patch(1));
    const commits = Array.from({ length: 50 }, (_, i) =>
      store.commit(
        'b',
        { epoch: 1, revision: i + 1 },
        patch(i + 2, {
          puts: [{ section: 'monthAis', key: 'x', value: i }, receipt('x', i + 2), receipt(`x${i}`, i + 1)],
          resets: i === 30 ? ['monthModels'] : [],
        }),
      ),
    );
    const results = await Promise.all(commits);
    const won = results.lastIndexOf('won');
    expect(won).toBe(49);
    expect((await store.load('b'))?.sections.monthAis.get('x')).toBe(won);
    expect((await store.findReceipts('b', ['x'])).get('x')?.revision).toBe(won + 2);
    expect((await store.findReceipts('b', [`x${won}`])).size).toBe(1);
  });
});
