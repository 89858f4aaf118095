import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { WorkPart } from '../../src/platform/work-progress.js';
import { openMongoTransfer } from '../../src/store/mongo/open-mongo-store.js';
import type { TransferStore } from '../../src/store/transfer-store.js';
import { backUp } from '../../src/transfer/backup.js';
import { migrate } from '../../src/transfer/migrate.js';
import { restore } from '../../src/transfer/restore.js';
import type { TransferContext } from '../../src/transfer/transfer.js';
import { cli } from '../cli/support.js';
import { describeMongo, temporaryDatabase } from '../support/mongo.js';
import { collectedContext, fill, openFolder, temporaryFolder } from './support/stores.js';

interface SeenPart extends WorkPart {
  reached: number;
}

function watched(): TransferContext & { readonly parts: SeenPart[] } {
  const parts: SeenPart[] = [];
  const progress = {
    begin: (part: WorkPart) => void parts.push({ ...part, reached: 0 }),
    reach: (pieces: number) => {
      const part = parts.at(-1);
      if (part !== undefined) part.reached = pieces;
    },
  };
  return { ...collectedContext(), progress, parts };
}

/** Every part says before how much there is, and comes to that; but for what waits in a state, which is in its own place afterwards. */
async function holdsParts(source: TransferStore, there: TransferStore, back: TransferStore): Promise<void> {
  await fill(source, 3);
  const known = await source.countDocuments();
  const backup = watched();
  const { budgets, documents } = await backUp(source, there, backup);
  expect([budgets, documents]).toEqual([3, await there.countDocuments()]);
  expect(documents).toBeGreaterThanOrEqual(known);
  expect(backup.parts).toMatchObject([{ pieces: 2 * known, reached: 2 * documents }]);
  const restored = watched();
  expect(await restore(there, back, restored)).toEqual({ budgets: 3, documents });
  const [copying, verifying, raising] = restored.parts;
  expect(copying).toMatchObject({ what: 'copying', pieces: documents, reached: documents });
  expect(verifying).toMatchObject({ what: 'verifying', pieces: 2 * documents, reached: 2 * documents });
  expect(raising?.what).toBe('raising numbers');
  expect(raising?.reached).toBeGreaterThan(0);
}

it('of a backup and a restore is told in documents, from folder to folder', async () => {
  const folder = temporaryFolder();
  const [source, backup, target] = await Promise.all([
    openFolder(join(folder, 'a')),
    openFolder(join(folder, 'b')),
    openFolder(join(folder, 'c')),
  ]);
  await holdsParts(source, backup, target);
  await Promise.all([source.close(), backup.close(), target.close()]);
});

it('of a migration that goes on counts what is still to be copied', async () => {
  const folder = temporaryFolder();
  const [source, target] = await Promise.all([openFolder(join(folder, 'a')), openFolder(join(folder, 'b'))]);
  await fill(source, 4);
  const killed = watched();
  const tell = () => {
    throw new Error('killed');
  };
  await expect(migrate(source, target, { ...killed, tell })).rejects.toThrow('killed');
  const again = watched();
  const { budgets } = await migrate(source, target, again);
  expect(budgets).toBe(4);
  const [copying] = again.parts;
  expect(copying?.pieces).toBeLessThan(killed.parts[0]?.pieces ?? 0);
  expect(copying?.reached).toBeGreaterThanOrEqual(copying?.pieces ?? Number.NaN);
  await Promise.all([source.close(), target.close()]);
});

it('says at the end what was done, how much of it and how fast', async () => {
  const folder = temporaryFolder();
  const [data, to] = [join(folder, 'data'), join(folder, 'backup')];
  const source = await openFolder(data);
  await fill(source, 3);
  await source.close();
  const backup = await cli(['backup', '--from', data, '--to', to]);
  const took = String.raw`in [\d.]+ m?s \([\d,.]+ `;
  expect(backup.out).toMatch(
    new RegExp(String.raw`^done: .*\nBacked up 3 budgets, \d+ documents, [\d.]+ [kM]B, ${took}[kM]B/s\)\n$`),
  );
  const restored = await cli(['restore', '--from', to, '--to', join(folder, 'new')]);
  expect(restored.out).toMatch(
    new RegExp(String.raw`\nRestored 3 budgets, \d+ documents, ${took}documents/s\)\n$`),
  );
  const migrated = await cli(['migrate', '--from', data, '--to', join(folder, 'moved')]);
  expect(migrated.out).toMatch(
    new RegExp(String.raw`\nMigrated 3 budgets, \d+ documents, ${took}documents/s\)\n$`),
  );
  expect([backup.err, restored.err, migrated.err]).toEqual(['', '', '']);
});

describeMongo('on MongoDB', (uri) => {
  const [from, to] = [temporaryDatabase(uri), temporaryDatabase(uri)];
  it('of a backup and a restore is told in documents', async () => {
    const folder = temporaryFolder();
    const [source, backup, target] = await Promise.all([
      openMongoTransfer({ uri, database: from }),
      openFolder(join(folder, 'b')),
      openMongoTransfer({ uri, database: to }),
    ]);
    await holdsParts(source, backup, target);
    await Promise.all([source.close(), backup.close(), target.close()]);
  });
});
