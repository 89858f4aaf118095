import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockReaders } from '../../src/store/lmdb/data-folder-lock.js';
import { openLmdbStore } from '../../src/store/lmdb/open-lmdb-store.js';
import { StoreUnreachable } from '../../src/store/store.js';
import type { TransferStore } from '../../src/store/transfer-store.js';
import { backUp } from '../../src/transfer/backup.js';
import { restore, restoreInPlace } from '../../src/transfer/restore.js';
import { cli } from '../cli/support.js';
import { denialWrite, head, patch, T0, usageDay, usageReceipt } from '../store/samples.js';
import {
  collectedContext,
  contentOf,
  fill,
  markOf,
  openFolder,
  setMark,
  temporaryFolder,
} from './support/stores.js';

const DAY = {
  ...{ start: T0, end: T0 + 1, total: 1, presumed: 0, late: 0, hours: [], changedAt: 5, settleUntil: 0 },
};

it('leaves out what was written after the state was read', async () => {
  const folder = temporaryFolder();
  const [source, target] = [await openFolder(join(folder, 'a')), await openFolder(join(folder, 'b'))];
  const puts = [{ section: 'days' as const, key: '2026-11-24', value: DAY }];
  await source.commit('b', undefined, patch(5, { head: head(5), puts }));
  const [open, next] = [usageDay('2026-11-24', 6), usageDay('2026-11-25', 7)];
  const closed = usageDay('2026-11-23', 5);
  await source.writeDays([open, next, closed]);
  await source.writeReceipts('b', [usageReceipt('known', 5), usageReceipt('later', 6)]);
  await backUp(source, target, collectedContext());
  expect(await target.listDays('b', undefined, 9)).toEqual([closed]);
  expect((await target.listReceipts('b', '', '', 9)).map(({ id }) => id)).toEqual(['known']);
  expect(await markOf(target)).toMatchObject({ kind: 'backup' });
  await source.close();
  await target.close();
});

it('looks again when a closed day was changed meanwhile, and gives up when it never rests', async () => {
  const folder = temporaryFolder();
  const [source, target] = [await openFolder(join(folder, 'a')), await openFolder(join(folder, 'b'))];
  await source.commit('b', undefined, patch(5, { head: head(5) }));
  await source.writeDays([usageDay('2026-11-23', 6)]);
  await expect(backUp(source, target, collectedContext())).rejects.toThrow('being changed all the time');
  // Half a backup is none.
  await expect(restore(target, source, collectedContext())).rejects.toThrow('is no finished backup');
  await source.close();
  await target.close();
});

it('has denials, and a restore brings them into the life of the budget that goes on', async () => {
  const folder = temporaryFolder();
  const opened = await Promise.all(['a', 'b', 'c'].map((name) => openFolder(join(folder, name))));
  const [source, backup, target] = opened as [TransferStore, TransferStore, TransferStore];
  await source.commit('b', undefined, patch(5, { head: head(5) }));
  const { epoch } = head(5);
  await source.writeDenials([denialWrite({ epoch }, ['guardian', 'gpt-4.1'])]);
  await backUp(source, backup, collectedContext());
  await restore(backup, target, collectedContext());
  const raised = (await target.version('b'))?.epoch ?? 0;
  expect(raised).toBeGreaterThan(epoch);
  const [before] = await source.listDenials('b', undefined, 9);
  expect(await target.readDenials('b', raised, 0, Number.MAX_SAFE_INTEGER)).toEqual([
    { ...before, epoch: raised },
  ]);
  await Promise.all(opened.map((store) => store.close()));
});

it('of a folder is whole or not there, and never over another', async () => {
  const folder = temporaryFolder();
  const [data, to] = [join(folder, 'data'), join(folder, 'deep', 'backup')];
  const source = await openFolder(data);
  await fill(source, 3);
  const before = await contentOf(source);
  await source.close();
  expect(await cli(['backup', '--from', data, '--to', to])).toMatchObject({ code: 0, err: '' });
  expect(existsSync(`${to}.unfinished`)).toBe(false);
  expect(await cli(['backup', '--from', data, '--to', to])).toMatchObject({
    code: 1,
    err: expect.stringContaining('exists already'),
  });
  const copy = await openFolder(to);
  expect(await contentOf(copy)).toEqual(before);
  await copy.close();
  const blocked = join(folder, 'file');
  writeFileSync(blocked, '');
  const refused = await cli(['backup', '--from', data, '--to', join(blocked, 'x')]);
  expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/^budget-arbiter backup: [^\n]+\n$/) });
});

it('is for nobody but its owner, and so is a data folder that the service makes', async () => {
  const folder = temporaryFolder();
  const [data, to] = [join(folder, 'data'), join(folder, 'backup')];
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
  const source = await openFolder(data);
  await fill(source, 1);
  await source.close();
  expect(await cli(['backup', '--from', data, '--to', to])).toMatchObject({ code: 0, err: '' });
  expect([mode(data), mode(to)]).toEqual(['700', '700']);
  const files = readdirSync(to);
  expect(files).toContain('budgets.mdb');
  for (const name of files) expect([name, mode(join(to, name))]).toEqual([name, '600']);
});

it('makes a service wait that would be started in the middle of it', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'data'));
  const reading = lockReaders(join(folder, 'data'));
  await expect(openLmdbStore({ dataDir: join(folder, 'data') })).rejects.toThrow(StoreUnreachable);
  await reading.release();
  await (await openLmdbStore({ dataDir: join(folder, 'data') })).close();
});

it('is not restored in place over half a copy', async () => {
  const store = await openFolder(temporaryFolder());
  await setMark(store, { kind: 'filling', transfer: 'x', from: 'there', raising: false });
  await expect(restoreInPlace(store, collectedContext())).rejects.toThrow('is not whole');
  await store.close();
});
