import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TidyMark } from '../../src/domain/time/tidy-mark.js';
import { openLmdbStore } from '../../src/store/lmdb/open-lmdb-store.js';
import { cli } from './support.js';

const DAY = 86_400_000;

describe('tidy', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tidy-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function inStore<T>(
    work: (store: Awaited<ReturnType<typeof openLmdbStore>>) => Promise<T>,
  ): Promise<T> {
    const store = await openLmdbStore({ dataDir: folder });
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }
  const given = (mark: Partial<TidyMark>) =>
    inStore((store) => store.swapTidyMark({ revision: 1, at: Date.now(), horizon: Date.now(), ...mark }));
  const tidy = (...args: string[]) => cli(['tidy', ...args], { DATA_DIR: folder });

  it('says that nothing was removed yet', async () => {
    await inStore(async () => {});
    expect(await tidy()).toMatchObject({ code: 0, out: expect.stringContaining('nothing was removed yet') });
  });

  it('says what was removed, and that nothing waits', async () => {
    await given({ lastCut: { dayBefore: '2026-10-01', receiptsBefore: 0, at: 0 } });
    const { out } = await tidy();
    expect(out).toMatch(/^removed at 1970-01-01 00:00 UTC: usage before 2026-10-01, receipts before 1970/);
    expect(out).toMatch(/nothing waits/);
  });

  it('says what waits and for how long, and ends it for usage', async () => {
    const now = Date.now();
    await given({ horizon: now - 40 * DAY, leap: { to: now, ranMs: 2 * DAY } });
    expect((await tidy()).out).toMatch(
      /40 days ahead .* for up to 5 days more, or until you say tidy --clock-is-right/,
    );
    expect((await tidy('--clock-is-right')).out).toMatch(/^done: the clock says /);
    const mark = await inStore((store) => store.readTidyMark());
    expect(mark).toMatchObject({ revision: 2, horizon: now - 40 * DAY });
    expect(mark?.vouchedFor).toBeGreaterThanOrEqual(now);
  });

  it('makes no store where there is none', async () => {
    expect(await tidy('--in', join(folder, 'none'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('no data'),
    });
  });
});
