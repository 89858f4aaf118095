import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROCESS_SCHEDULER, type Scheduler } from '../../src/platform/scheduler.js';
import { openLmdbStore } from '../../src/store/lmdb/open-lmdb-store.js';
import { openMongoStore, openMongoTransfer } from '../../src/store/mongo/open-mongo-store.js';
import type { TransferStore } from '../../src/store/transfer-store.js';
import { cancelMigration, migrate } from '../../src/transfer/migrate.js';
import { head, patch, usageDay } from '../store/samples.js';
import { describeMongo, temporaryDatabase } from '../support/mongo.js';
import { runCommand } from './support/command.js';
import {
  collectedContext,
  contentOf,
  fill,
  markOf,
  openFolder,
  setMark,
  temporaryFolder,
} from './support/stores.js';

const BUDGETS = 6;
/** Signs of life come, and are looked for, twenty times as fast. */
const HURRIED: Scheduler = {
  ...PROCESS_SCHEDULER,
  after: (delayMs, task) => PROCESS_SCHEDULER.after(delayMs / 20, task),
};

async function withStores(
  open: readonly Promise<TransferStore>[],
  work: (...stores: TransferStore[]) => Promise<void>,
) {
  const stores = await Promise.all(open);
  try {
    await work(...stores);
  } finally {
    for (const store of stores) await store.close();
  }
}

describe('a migration from folder to folder', () => {
  it('moves states, usage of every epoch, receipts and tombstones, and closes the source', async () => {
    const folder = temporaryFolder();
    const [from, to] = [join(folder, 'from'), join(folder, 'to')];
    await withStores([openFolder(from), openFolder(to)], async (source, target) => {
      await fill(source, BUDGETS);
      const before = await contentOf(source);
      await migrate(source, target, collectedContext());
      expect(before.size).toBe(BUDGETS);
      expect(await contentOf(target)).toEqual(before);
    });
    await expect(openLmdbStore({ dataDir: from })).rejects.toThrow(
      /were moved to .*to: start the service there/,
    );
    await (await openLmdbStore({ dataDir: to })).close();
  });

  it('goes on after a kill at any moment, and no service starts on either store meanwhile', async () => {
    const folder = temporaryFolder();
    const [from, to] = [join(folder, 'from'), join(folder, 'to')];
    let before = new Map<string, string>() as ReadonlyMap<string, string>;
    await withStores([openFolder(from)], async (source) => {
      await fill(source, BUDGETS);
      before = await contentOf(source);
    });
    let killed = 0;
    for (const lines of [1, 3, 5, 7, 9, 11]) {
      const ran = await runCommand(['migrate', '--from', from, '--to', to], {}, lines);
      if (ran.code === 0) break;
      expect(ran).toMatchObject({ code: null, err: '' });
      killed += 1;
      await expect(openLmdbStore({ dataDir: from })).rejects.toThrow('a migration of it');
      await expect(openLmdbStore({ dataDir: to })).rejects.toThrow('has not finished here');
    }
    expect(killed).toBeGreaterThan(3);
    const last = await runCommand(['migrate', '--from', from, '--to', to]);
    expect(last).toMatchObject({ code: 0, err: '' });
    expect(last.out).toContain('copied before');
    await withStores([openFolder(to)], async (target) => expect(await contentOf(target)).toEqual(before));
    const again = await runCommand(['migrate', '--from', from, '--to', to]);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('nothing to do') });
  });

  it('refuses a target that holds anything else, and says when either was used meanwhile', async () => {
    const folder = temporaryFolder();
    const [from, to, used] = [join(folder, 'from'), join(folder, 'to'), join(folder, 'used')];
    await withStores([openFolder(from), openFolder(to), openFolder(used)], async (source, target, other) => {
      await fill(source, 2);
      await fill(other, 1);
      const context = collectedContext();
      await expect(migrate(source, other, context)).rejects.toThrow(
        'is not empty, and nothing in it is ever overwritten',
      );
      expect(await markOf(source)).toBeUndefined();
      // What was copied is changed before the migration goes on.
      const meddling = {
        ...context,
        tell: () => void target.writeDays([usageDay('2026-11-25', 8, { budgetId: 'b1', epoch: 12 })]),
      };
      await expect(migrate(source, target, meddling)).rejects.toThrow('budget b1 is not the same in');
    });
  });

  it('is called off only while it is not finished', async () => {
    const folder = temporaryFolder();
    await withStores([openFolder(folder)], async (store) => {
      const context = collectedContext();
      await expect(cancelMigration(store, context)).rejects.toThrow('no migration of it has begun');
      await setMark(store, { kind: 'leaving', transfer: 'x', to: 'elsewhere' });
      await cancelMigration(store, context);
      expect(await markOf(store)).toBeUndefined();
      await setMark(store, { kind: 'moved', transfer: 'x', to: 'elsewhere' });
      await expect(cancelMigration(store, context)).rejects.toThrow('were moved to elsewhere');
    });
  });

  it('is refused while a service has the source', async () => {
    const folder = temporaryFolder();
    const service = await openLmdbStore({ dataDir: join(folder, 'from') });
    const ran = await runCommand(['migrate', '--from', join(folder, 'from'), '--to', join(folder, 'to')]);
    await service.close();
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('in use by another process') });
  });

  it.each([
    [['--from', 'embedded'], '--to'],
    [['--from', 'mongodb', '--to', 'embedded'], 'MONGODB_URI'],
    [['--from', '/nowhere/at-all', '--to', '/nowhere/else'], 'there is no data'],
    [['--from', 'embedded', '--to', './data'], 'are both'],
  ])('with %j says what is wrong with it', async (args, why) => {
    const { code, err } = await runCommand(['migrate', ...args]);
    expect(code).toBeGreaterThan(0);
    expect(err).toContain(why);
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});

describeMongo('a migration to MongoDB', (uri) => {
  const [database, second, third] = [1, 2, 3].map(() => temporaryDatabase(uri)) as [string, string, string];

  it('and back leaves everything as it was', async () => {
    const folder = temporaryFolder();
    const [from, back] = [join(folder, 'from'), join(folder, 'back')];
    const mongo = () => openMongoTransfer({ uri, database });
    await withStores([openFolder(from), mongo(), openFolder(back)], async (embedded, shared, again) => {
      await fill(embedded, BUDGETS);
      const before = await contentOf(embedded);
      await migrate(embedded, shared, collectedContext());
      expect(await contentOf(shared)).toEqual(before);
      await migrate(shared, again, collectedContext());
      expect(await contentOf(again)).toEqual(before);
    });
    await expect(openMongoStore({ uri, database, copyId: 'late' })).rejects.toThrow('were moved to');
  });

  it('goes on after kills', async () => {
    const from = temporaryFolder();
    let before: ReadonlyMap<string, string> = new Map();
    await withStores([openFolder(from)], async (source) => {
      await fill(source, BUDGETS);
      before = await contentOf(source);
    });
    const args = ['migrate', '--from', from, '--to', uri, '--database', third];
    for (const lines of [2, 5, 9]) expect((await runCommand(args, {}, lines)).code).toBeNull();
    expect(await runCommand(args)).toMatchObject({ code: 0, err: '' });
    await withStores([openMongoTransfer({ uri, database: third })], async (target) => {
      expect(await contentOf(target)).toEqual(before);
      expect(await markOf(target)).toBeUndefined();
    });
  });

  it('is refused while a replica runs there, and passes over one that was killed', async () => {
    const folder = temporaryFolder();
    const here = { uri, database: second, scheduler: HURRIED };
    const replica = await openMongoStore({ ...here, copyId: 'alive' });
    await replica.commit('b', undefined, patch(1, { head: head(1) }));
    await withStores([openMongoTransfer(here), openFolder(folder)], async (source, target) => {
      await expect(migrate(source, target, collectedContext())).rejects.toThrow('a replica runs on');
      // Neither was touched: the replica serves on.
      expect(await replica.version('b')).toEqual({ epoch: 1, revision: 1 });
      await replica.close();
      const killed = await openMongoStore({ ...here, copyId: 'killed' });
      expect(killed.name).toBe('mongo');
      Object.assign(killed, { beforeClose: async () => {} });
      await killed.close();
      await migrate(source, target, collectedContext());
    });
  });
});
