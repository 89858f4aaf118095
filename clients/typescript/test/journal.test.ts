import { spawnSync } from 'node:child_process';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Journal } from '../src/settle/journal.js';
import type { Settlement } from '../src/settle/settlement.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'journal-'));
  file = path.join(folder, 'journal');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const settlement = (id: string): Settlement => ({
  ...{ id, budgetId: 'anthropic', aiId: 'guardian', lease: { leaseId: `lease-${id}` } },
  ...{ usages: [], unreported: 'FREE', firstTriedAt: 1 },
});
const ids = (left: readonly Settlement[]) => left.map(({ id }) => id);

it('gives back what was not done, in its order, whatever a crash cut off', async () => {
  const { journal, left } = await Journal.open(file);
  expect(left).toEqual([]);
  await Promise.all(['a', 'b', 'c'].map((id) => journal.add(settlement(id))));
  journal.done('b');
  await journal.close();
  await appendFile(file, '{"add":{"id":"half');
  const again = await Journal.open(file);
  expect(again.left).toEqual([settlement('a'), settlement('c')]);
  await again.journal.close();
  expect((await readdir(folder)).sort()).toEqual(['journal']);
});

it('stays small, however much it saw', async () => {
  const { journal } = await Journal.open(file);
  const all = Array.from({ length: 1_200 }, (_, n) => `s-${n}`);
  await Promise.all(all.map((id) => journal.add(settlement(id))));
  for (const id of all) if (id !== 's-7') journal.done(id);
  await journal.add(settlement('last'));
  await journal.close();
  expect((await readFile(file, 'utf8')).length).toBeLessThan(1_000);
  const { journal: next, left } = await Journal.open(file);
  expect(ids(left)).toEqual(['s-7', 'last']);
  await next.close();
});

it('is of one process at a time, and outlives one that was killed', async () => {
  const { journal } = await Journal.open(file);
  await expect(Journal.open(file)).rejects.toThrow('another process');
  await journal.close();
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  await writeFile(`${file}.lock`, `${pid} 1`);
  const second = await Journal.open(file);
  await second.journal.close();
  // In a container the process before had our id.
  await writeFile(`${file}.lock`, `${process.pid} 1`);
  const third = await Journal.open(file);
  await third.journal.close();
});
