import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkFile } from '../../src/store/lmdb/file-check.js';
import { openLmdbStore } from '../../src/store/lmdb/open-lmdb-store.js';
import { type BudgetStore, StoreError, StoreStartError } from '../../src/store/store.js';
import { randomFrom, testSeed } from '../support/seed.js';
import { head, leaseReceipt, patch, usageDay } from './samples.js';

const MARK = 'flip-a-bit-here';
const PAGE = 4_096;
const FLIPS = Number(process.env['FLIPS'] ?? 300);
const pause = (reason: string) => ({ section: 'settings' as const, key: 'pause', value: { reason, at: 1 } });

describe('a file of the embedded store that was damaged', () => {
  let dataDir: string;
  let path: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'budget-arbiter-damage-'));
    path = join(dataDir, 'budgets.mdb');
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));

  /** In place, as a disk would: LMDB reads the file where it stands. */
  function flipMarks(): void {
    const bytes = readFileSync(path);
    const fd = openSync(path, 'r+');
    let found = 0;
    for (let at = bytes.indexOf(MARK); at >= 0; at = bytes.indexOf(MARK, at + 1)) {
      writeSync(fd, Buffer.from([(bytes[at] ?? 0) ^ 1]), 0, 1, at);
      found += 1;
    }
    closeSync(fd);
    expect(found).toBeGreaterThan(0);
  }

  /** Days, receipts, values with pages of their own, and enough entries for branches; freed pages too. */
  async function fill(): Promise<void> {
    const store = await openLmdbStore({ dataDir });
    for (let revision = 1; revision <= 30; revision += 1) {
      const puts = Array.from({ length: 40 }, (_, i) => ({
        section: 'monthAis' as const,
        key: `ai ${(revision * 7 + i) % 400} ${'x'.repeat(i)}`,
        value: revision,
      }));
      const expected = revision === 1 ? undefined : { epoch: 1, revision: revision - 1 };
      await store.commit('b', expected, patch(revision, { puts: [...puts, pause('y'.repeat(9_000))] }));
      await store.writeReceipts('b', [leaseReceipt(`r${revision}`, revision, 'ai')]);
      await store.writeDays([usageDay('2026-11-24', revision)]);
    }
    await store.close();
  }

  async function content(): Promise<unknown> {
    const store = await openLmdbStore({ dataDir });
    try {
      return {
        state: await store.load('b'),
        days: await store.readDays('b', 1, '', '~'),
        receipts: await store.listReceipts('b', '', '', 1_000),
      };
    } finally {
      await store.close();
    }
  }

  it.each<[string, (store: BudgetStore) => Promise<unknown>, (store: BudgetStore) => Promise<unknown>]>([
    [
      'entry',
      (store) => store.commit('b', undefined, patch(1, { puts: [pause(MARK)] })),
      (store) => store.load('b'),
    ],
    [
      'head',
      (store) => store.commit('b', undefined, patch(1, { head: head(1, { zone: MARK }) })),
      (store) => store.version('b'),
    ],
    [
      'usage document',
      (store) => store.writeDays([usageDay('2026-11-24', 1, { ais: new Map([[MARK, 1]]) })]),
      (store) => store.readDays('b', 1, '', '~'),
    ],
    [
      'receipt',
      (store) => store.writeReceipts('b', [leaseReceipt('x', 1, MARK)]),
      (store) => store.findReceipts('b', ['x']),
    ],
  ])('is never read as if it were true, neither while it is open nor after: %s', async (_, write, read) => {
    const store = await openLmdbStore({ dataDir });
    await write(store);
    flipMarks();
    const reading = read(store);
    await expect(reading).rejects.toBeInstanceOf(StoreError);
    await expect(reading).rejects.toMatchObject({ failure: 'unavailable' });
    await expect(reading).rejects.toThrow(
      /budgets\.mdb is damaged: the value of ".*" fails its checksum; .*backup/,
    );
    await store.close();
    const again = openLmdbStore({ dataDir });
    await expect(again).rejects.toBeInstanceOf(StoreStartError);
    await expect(again).rejects.toThrow(
      /budgets\.mdb is damaged.*the value of ".*" fails its checksum.*backup/,
    );
  });

  it('under a key that lost its place is refused: what it held would be missed without a word', async () => {
    const store = await openLmdbStore({ dataDir });
    await store.writeReceipts('b', [leaseReceipt(MARK, 1, 'ai'), leaseReceipt('z', 1, 'ai')]);
    await store.close();
    flipMarks();
    await expect(openLmdbStore({ dataDir })).rejects.toThrow(/fails its checksum|keys that do not rise/);
  });

  it('is refused wherever it was cut short, unless only free pages are gone', async () => {
    await fill();
    const before = await content();
    const whole = usedPart(path);
    const total = Math.floor(whole.length / PAGE);
    let refused = 0;
    for (let pages = total - 1; pages > 0; pages -= 1) {
      writeFileSync(path, whole.subarray(0, pages * PAGE + (pages % 2) * 100));
      const after = await content().catch((error: unknown) => error);
      if (after instanceof StoreStartError) {
        expect(after.message).toMatch(
          /budgets\.mdb is damaged, or not a file of this service \(.*\): .*backup/,
        );
        refused += 1;
      } else expect(after).toEqual(before);
    }
    expect(refused).toBeGreaterThan(total / 2);
    truncateSync(path, 10);
    expect(() => checkFile(path)).toThrow('header 0 is missing');
    writeFileSync(path, '');
    await (await openLmdbStore({ dataDir })).close();
  });

  it('gives way to an older header only with its own transaction: no state comes back', async () => {
    await fill();
    const bytes = usedPart(path);
    const newer = bytes.readBigUInt64LE(152) > bytes.readBigUInt64LE(PAGE + 152) ? 0 : PAGE;
    for (const bit of [2, 3, 4, 5]) {
      const changed = Buffer.from(bytes);
      changed[newer + 152] = (changed[newer + 152] ?? 0) ^ (1 << bit);
      writeFileSync(path, changed);
      expect(() => checkFile(path)).toThrow('its headers are of transactions');
    }
  });

  it('is refused, or holds exactly what it held, whatever bit is flipped', async () => {
    await fill();
    const before = await content();
    const whole = usedPart(path);
    const seed = testSeed('flipped bits');
    const random = randomFrom(seed);
    let refused = 0;
    for (let flip = 0; flip < FLIPS; flip += 1) {
      const at = Math.floor(random() * whole.length);
      const bit = Math.floor(random() * 8);
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      writeFileSync(path, changed);
      const after = await content().catch((error: unknown) => error);
      if (after instanceof StoreStartError) refused += 1;
      else expect(after, `SEED=${seed}, bit ${bit} of byte ${at}`).toEqual(before);
    }
    expect(refused).toBeGreaterThan(FLIPS / 10);
  }, 600_000);
});

/** Without the room behind it that the store has taken already. */
function usedPart(path: string): Buffer {
  const bytes = readFileSync(path);
  const lastPage = Math.max(Number(bytes.readBigUInt64LE(144)), Number(bytes.readBigUInt64LE(PAGE + 144)));
  return bytes.subarray(0, (lastPage + 1) * PAGE);
}
