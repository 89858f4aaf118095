import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../scripts/npm-command.js';
import { fill, lived } from '../../scripts/sample-data/fill.js';
import { readOptions } from '../../scripts/sample-data/options.js';
import { SCENES } from '../../scripts/sample-data/scenes.js';
import { denialList } from '../../src/domain/denials/rows.js';
import { Ledger } from '../../src/domain/ledger/ledger.js';
import { leaseReceiptId, leaseReceiptPrefix } from '../../src/domain/model/receipt-id.js';
import { snapshotOf } from '../../src/domain/reads.js';
import { openLmdbStore } from '../../src/store/lmdb/open-lmdb-store.js';

const UNTIL = Date.parse('2026-11-28T15:20:00Z');
const folder = mkdtempSync(join(tmpdir(), 'sample-data-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('sample data', () => {
  it('are four months of four budgets and 75 AIs, each in a state of its own', async () => {
    const dataDir = join(folder, 'data');
    const reached: number[] = [];
    const progress = { begin: () => {}, reach: (pieces: number) => reached.push(pieces) };
    await fill({ dataDir, until: UNTIL, seed: 16 }, () => undefined, progress);
    expect(reached.toSorted((a, b) => a - b)).toEqual(reached);
    expect(reached.at(-1)).toBeGreaterThan(3.99);
    const store = await openLmdbStore({ dataDir });
    const found = new Map<string, ReturnType<typeof snapshotOf>>();
    const ais = new Set<string>();
    for (const { budgetId } of SCENES) {
      found.set(budgetId, snapshotOf(Ledger.of(budgetId, await store.load(budgetId))));
      const days = await store.readDays(budgetId, 1, '2026-08-01', '2026-11-28');
      expect(days, budgetId).toHaveLength(120);
      for (const day of days) for (const ai of day.ais.keys()) ais.add(ai);
    }
    const day = UNTIL - 24 * 3_600_000;
    const denials = async (budgetId: string, from: number) =>
      denialList(await store.readDenials(budgetId, 1, from, UNTIL), {});
    const refused = await denials('anthropic', day);
    expect(refused.rules.map(({ rule }) => rule)).toEqual(
      expect.arrayContaining(['HOURLY_CAP', 'AI_CONCURRENCY', 'DAILY_CAP']),
    );
    expect(new Set(refused.rows.map(({ aiId }) => aiId)).size).toBeGreaterThan(10);
    expect((await denials('mistral', day)).wouldDeny).toBeGreaterThan(0);
    expect((await denials('gemini', UNTIL - 7 * 24 * 3_600_000)).rules[0]?.rule).toBe('PAUSED');
    const changes = await store.readChanges('anthropic', 1_000, 200);
    expect(changes.map(({ body, reason }) => [body.kind, reason])).toEqual([
      ['TOP_UP_ADDED', 'review of the release'],
      ['POLICY', 'the loop is gone'],
      ['USAGE_ADJUSTED', 'a batch of which only the bill told'],
      ['POLICY', 'retries in a loop'],
      ['POLICY', 'the loader is mended'],
      ['POLICY', 'the loader takes all slots'],
      ['CREATED', 'to begin with'],
    ]);
    const { fence = 0, epoch = 1 } = found.get('anthropic') ?? {};
    const newest = leaseReceiptId(epoch, fence - 50);
    expect(await store.listReceipts('anthropic', leaseReceiptPrefix(epoch), newest, 50)).not.toHaveLength(0);
    await store.close();
    expect(ais.size).toBe(75);
    const window = (budgetId: string, of: string) => {
      const { spent = 0, cap = 1 } = found.get(budgetId)?.windows.find(({ kind }) => kind === of) ?? {};
      return spent / cap;
    };
    expect(window('anthropic', 'HOUR')).toBeGreaterThan(3);
    const ages = found.get('anthropic')?.liveLeases.map(({ grantedAt }) => UNTIL - grantedAt) ?? [];
    expect(ages.length).toBeGreaterThan(3);
    expect(Math.max(...ages)).toBeGreaterThan(8 * 3_600_000);
    expect(window('openai', 'MONTH')).toBeGreaterThan(0.9);
    expect(found.get('mistral')?.budget.policy.mode).toBe('OBSERVE');
    expect(found.get('gemini')?.budget.pause?.reason).toBe('provider incident');
    expect(() => readOptions(['--data-dir', dataDir], UNTIL)).toThrow(UsageError);
  });

  it('are the same from the same seed, and others from another', async () => {
    const gemini = SCENES.find(({ budgetId }) => budgetId === 'gemini');
    if (gemini === undefined) throw new Error('there is such a scene');
    const [one, same, other] = await Promise.all(
      [3, 3, 4].map(async (seed) => (await lived(gemini, UNTIL, seed)).budget.stored()),
    );
    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it('are explained by --help', () => {
    const text = execFileSync('npx', ['tsx', 'scripts/sample-data/main.ts', '--help'], { encoding: 'utf8' });
    expect(text).toContain('DATA_DIR=DIR npm start');
  });

  it.each([
    [[]],
    [['--data-dir', folder, '--until', 'tomorrow']],
    [['--data-dir', folder, '--seed', '-1']],
    [['--x']],
  ])('say what is wrong with %j', (args) => expect(() => readOptions(args, UNTIL)).toThrow(UsageError));
});
