import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { UNSEEN } from '../../src/platform/work-progress.js';
import { openLmdbTransfer } from '../../src/store/lmdb/open-lmdb-store.js';
import { migrate } from '../../src/transfer/migrate.js';

it('takes along what tidying remembers: no budget may begin below one that was forgotten', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidy-mark-'));
  const [source, target] = await Promise.all(
    ['source', 'target'].map((name) => openLmdbTransfer({ dataDir: join(folder, name) })),
  );
  if (source === undefined || target === undefined) throw new Error('there are no stores');
  try {
    const mark = { revision: 1, at: 5, horizon: 4, numbers: { epoch: 3, fence: 9, revision: 12 } };
    await source.swapTidyMark(mark);
    await source.swapTidyMark({ ...mark, revision: 2 });
    await migrate(source, target, { tell: () => {}, wallMs: () => 5, newId: () => 'id', progress: UNSEEN });
    expect(await target.readTidyMark()).toEqual(mark);
  } finally {
    await Promise.all([source.close(), target.close()]);
    rmSync(folder, { recursive: true, force: true });
  }
});
