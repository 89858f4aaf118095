import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FORMAT_KEY } from '../../src/store/lmdb/keys.js';
import { LmdbFile } from '../../src/store/lmdb/lmdb-file.js';
import { openLmdbStore } from '../../src/store/lmdb/open-lmdb-store.js';
import { put } from '../../src/store/lmdb/value-codec.js';
import { StoreStartError } from '../../src/store/store.js';
import { describeStoreContract } from './contract.js';
import { revisionsIn } from './lmdb-commits.js';
import { Child, type ChildMode } from './lmdb-owner.js';

describeStoreContract(
  'the embedded store',
  async () => {
    const dataDir = newFolder();
    let store = await openLmdbStore({ dataDir });
    return {
      store,
      peer: store,
      reopen: async () => {
        await store.close();
        store = await openLmdbStore({ dataDir });
        return store;
      },
      destroy: async () => {
        await store.close();
        rmSync(dataDir, { recursive: true });
      },
    };
  },
  { rounds: 100 },
);

describe('the folder of the embedded store', () => {
  let dataDir: string;
  const children: Child[] = [];
  beforeEach(() => {
    dataDir = newFolder();
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.kill()));
    rmSync(dataDir, { recursive: true });
  });
  const child = (mode: ChildMode, limits = '') => {
    const started = new Child(dataDir, mode, limits);
    children.push(started);
    return started;
  };

  it('is made if it is not there', async () => {
    const store = await openLmdbStore({ dataDir: join(dataDir, 'a', 'b') });
    expect(await store.list('', 1)).toEqual([]);
    await store.close();
  });

  it('has one owner: a second open is refused, in one line that names the folder', async () => {
    const store = await openLmdbStore({ dataDir });
    const again = openLmdbStore({ dataDir });
    await expect(again).rejects.toBeInstanceOf(StoreStartError);
    await expect(again).rejects.toThrow(new RegExp(`^The data folder ${dataDir} is in use.*DATA_DIR\\.$`));
    expect(await child('hold').line()).toMatch(`StoreStartError: The data folder ${dataDir} is in use`);
    await store.close();
    await (await openLmdbStore({ dataDir })).close();
  });

  it('is free as soon as its owner is killed', async () => {
    const owner = child('hold');
    expect(await owner.line()).toBe('open');
    await expect(openLmdbStore({ dataDir })).rejects.toThrow('in use');
    await owner.kill();
    await (await openLmdbStore({ dataDir })).close();
  });

  it('holds whole commits, and all that were acknowledged, when its owner is killed at any moment', async () => {
    for (const after of [1, 40, 333]) {
      const owner = child('commit');
      let acknowledged = 0;
      expect(await owner.line()).toBe('open');
      for (let i = 0; i < after; i += 1) acknowledged = Number(await owner.line());
      await owner.kill();
      acknowledged = Math.max(acknowledged, ...owner.unread().map(Number));
      const store = await openLmdbStore({ dataDir });
      const state = await store.load('b');
      const revisions = state ? revisionsIn(state) : new Set<number>();
      await store.close();
      expect(revisions.size).toBe(1);
      expect(Math.max(...revisions)).toBeGreaterThanOrEqual(acknowledged);
    }
  });

  it('that is a file is refused', async () => {
    const path = join(dataDir, 'file');
    writeFileSync(path, '');
    const opened = openLmdbStore({ dataDir: path });
    await expect(opened).rejects.toBeInstanceOf(StoreStartError);
    await expect(opened).rejects.toThrow(`Cannot use the data folder ${path}: `);
  });

  it('that holds something else than a store is refused, and stays free', async () => {
    writeFileSync(join(dataDir, 'budgets.mdb'), 'not LMDB '.repeat(2_000));
    await expect(openLmdbStore({ dataDir })).rejects.toBeInstanceOf(StoreStartError);
    rmSync(join(dataDir, 'budgets.mdb'));
    await (await openLmdbStore({ dataDir })).close();
  });

  it('that a newer version wrote is refused', async () => {
    await (await openLmdbStore({ dataDir })).close();
    const file = LmdbFile.open(join(dataDir, 'budgets.mdb'));
    await file.writeIf(FORMAT_KEY, 0, [put(FORMAT_KEY, 3)]);
    await file.close();
    await expect(openLmdbStore({ dataDir })).rejects.toThrow('format 3, newer than the 2');
  });

  it('on a full disk refuses what does not fit, loses nothing, and goes on when there is room', async () => {
    const filler = child('fill', 'ulimit -f 2048; ');
    expect(await filler.line()).toBe('open');
    // A full disk is ENOSPC; but a write that fits in part is EIO, which may be anything.
    expect(['unavailable', 'unknown']).toContain(await filler.line());
    const acknowledged = Number(await filler.line());
    expect(acknowledged).toBeGreaterThan(1);
    expect(await filler.line()).toBe('dropped: won');
    await filler.kill();
    const store = await openLmdbStore({ dataDir });
    expect(await store.version('b')).toEqual({ epoch: 1, revision: acknowledged + 1 });
    expect((await store.load('b'))?.sections.alerts.size).toBe(0);
    await store.close();
  });
});

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'budget-arbiter-lmdb-'));
}
