import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Arbiter } from '../../src/arbiter/arbiter.js';
import type { StatePatch } from '../../src/domain/model/state.js';
import { SILENT_LOG } from '../../src/platform/log.js';
import { PROCESS_SCHEDULER } from '../../src/platform/scheduler.js';
import { openLmdbStore } from '../../src/store/lmdb/open-lmdb-store.js';
import { openMemoryStore } from '../../src/store/memory/memory-store.js';
import type { BudgetStore, StateVersion } from '../../src/store/store.js';
import { BUDGET, ROOMY } from '../arbiter/support/world.js';
import { caller } from '../support/caller.js';
import { ManualClock } from '../support/manual-clock.js';
import { acquire, leaseOf, record, release } from '../support/requests.js';

const CALLERS = 32;
const CYCLES = 40;
const STEPS = 8;
const STEP_MS = 5 * 3_600_000;

/** Gives every commit that won to a second store, as it was when it was sent: whoever changes it later is found out. */
function mirrored(store: BudgetStore, mirror: BudgetStore): BudgetStore {
  return new Proxy(store, {
    get(target, name) {
      const own = Reflect.get(target, name) as unknown;
      if (name !== 'commit') return typeof own === 'function' ? own.bind(target) : own;
      return async (budgetId: string, expected: StateVersion | undefined, patch: StatePatch) => {
        const sent = structuredClone(patch);
        const outcome = await target.commit(budgetId, expected, patch);
        if (outcome === 'won') expect(await mirror.commit(budgetId, expected, sent)).toBe('won');
        return outcome;
      };
    },
  });
}

it('the embedded store holds what the arbiter committed, hour after hour, however much it changed since', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'lmdb-arbiter-'));
  const mirror = await openMemoryStore({ receiptsInCommit: true });
  const clock = new ManualClock('2026-11-28T20:10:00Z');
  let lmdb = await openLmdbStore({ dataDir });
  let turn = 0;
  for (let step = 0; step < STEPS; step += 1) {
    const arbiter = new Arbiter({
      ...{ store: mirrored(lmdb, mirror), clock, log: SILENT_LOG, copyId: `copy-${step}` },
      ...{ maxSkewMs: 2_000, scheduler: PROCESS_SCHEDULER },
    });
    const submit = (request: Parameters<Arbiter['submit']>[1]) => arbiter.submit(BUDGET, request, caller());
    await submit({ kind: 'put-policy', fields: { ...ROOMY, maxConcurrent: 4 * CALLERS } });
    const cycles = async (at: number) => {
      for (let cycle = 0; cycle < CYCLES; cycle += 1) {
        turn += 1;
        const lease = leaseOf(await arbiter.submit(BUDGET, acquire(`ai-${at}`), caller()));
        await submit(record(lease, `use-${turn}`, 7));
        // Some are left behind, and expire.
        if (turn % 50 > 0) await submit(release(lease));
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, (_, at) => cycles(at)));
    expect(await lmdb.load(BUDGET)).toEqual(await mirror.load(BUDGET));
    await arbiter.stop();
    await lmdb.close();
    lmdb = await openLmdbStore({ dataDir });
    expect(await lmdb.load(BUDGET)).toEqual(await mirror.load(BUDGET));
    clock.advance(STEP_MS);
  }
  const receipts = async (store: BudgetStore) => {
    const all = await store.listReceipts(BUDGET, '', '', 1_000_000);
    return new Map(all.map((receipt) => [receipt.id, receipt]));
  };
  const [own, mirrors] = [await receipts(lmdb), await receipts(mirror)];
  expect(own.size).toBeGreaterThan(STEPS * CALLERS * CYCLES);
  expect(own).toEqual(mirrors);
  await lmdb.close();
  await rm(dataDir, { recursive: true });
});
