import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BudgetSnapshot } from '../../src/domain/model/outcomes.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import type { LeaseRef } from '../../src/domain/model/requests.js';
import type { TransferStore } from '../../src/store/transfer-store.js';
import { backUp } from '../../src/transfer/backup.js';
import { restore } from '../../src/transfer/restore.js';
import { ROOMY } from '../support/budget.js';
import { acquire } from '../support/requests.js';
import { StoredBudget } from '../support/stored-budget.js';
import { largerMonth, overCaps } from '../support/top-ups.js';
import { collectedContext, openFolder, temporaryFolder } from './support/stores.js';

/** With the larger month an hour has a cap of 1,020: of it 408 are guaranteed to web. */
const POLICY: PolicyFields = {
  ...{ ...ROOMY, maxHourlyPercent: 0.1, leaseTtlMs: 3_600_000, maxConcurrent: 10, maxConcurrentPerAi: 10 },
  teams: [
    ['ops', { aiIds: ['ops'] }],
    ['web', { aiIds: ['web/*'], guaranteedPercent: 40 }],
  ],
};
const TOP_UP = overCaps('extra', 5_000, Date.parse('2036-02-08T00:00:00Z'), { aiId: 'ops' });

const folder = temporaryFolder(afterAll);
let target: TransferStore;
let was: BudgetSnapshot;
let budget: StoredBudget;
let topped: LeaseRef;

/** At the last quarter of an hour, when half of what is guaranteed has melted. */
beforeAll(async () => {
  const [source, backup] = [await openFolder(`${folder}/source`), await openFolder(`${folder}/backup`)];
  const before = (await StoredBudget.open(source, 'shared')).at('2036-02-03T10:45:00Z');
  await before.do({ kind: 'put-policy', fields: POLICY });
  await before.do(TOP_UP);
  await before.do(largerMonth('more', 10_000));
  await before.do({ kind: 'end-top-up', topUpId: 'more', reason: '' });
  await before.do(largerMonth('most', 20_000));
  const web = await before.grant('web/a', 100);
  await before.record(web, 'web-1', 100);
  topped = await before.grant('ops', 2_000);
  await before.record(topped, 'topped-1', 300);
  await before.writeOut();
  was = await snapshot(before);
  await backUp(source, backup, collectedContext());
  target = await openFolder(`${folder}/target`);
  await restore(backup, target, { ...collectedContext(), wallMs: () => before.now });
  for (const store of [source, backup]) await store.close();
  budget = (await StoredBudget.open(target, 'shared')).at('2036-02-03T10:45:00Z');
});
afterAll(() => target.close());

async function snapshot(of: StoredBudget) {
  return (await of.do<'snapshot'>({ kind: 'get-snapshot' })).snapshot;
}

it('comes back from a backup with its teams, their hour, and what has lapsed of it', async () => {
  const is = await snapshot(budget);
  const web = ({ teams }: BudgetSnapshot) => teams.find(({ teamId }) => teamId === 'web')?.windows;
  expect(web(is)).toEqual(web(was));
  expect(web(is)).toMatchObject([
    { kind: 'HOUR', spent: 100, kept: 204 },
    { kind: 'DAY' },
    { kind: 'MONTH' },
  ]);
  expect(budget.state.tables.lapsed.size).toBe(1);
});

it('has its larger month, and top-ups of which what leases held is spent, in no window', async () => {
  const { larger, topUps, windows, openDays } = await snapshot(budget);
  expect(larger).toBe(was.larger);
  const extra = topUps.find(({ topUpId }) => topUpId === 'extra');
  expect(extra).toMatchObject({ spent: 2_000, reserved: 0, available: 3_000 });
  expect(windows).toMatchObject([{ spent: 100, topped: 2_000 }, { topped: 2_000 }, { topped: 2_000 }]);
  expect(openDays).toMatchObject([{ topped: 2_000, presumed: 1_700 }]);
});

it('adds no top-up twice, and settles what it presumes of one', async () => {
  expect(await budget.do({ ...TOP_UP })).toMatchObject({ kind: 'top-up', replayed: true });
  expect(await budget.record(topped, 'topped-1', 300)).toMatchObject({ replayed: true });
  expect(await budget.do({ kind: 'release', lease: topped })).toMatchObject({ freedTokens: 1_700 });
  const granted = await budget.do(acquire('ops', { estimatedTokens: 4_700 }));
  expect(granted).toMatchObject({ kind: 'granted', lease: { topUpId: 'extra', reservedTokens: 4_700 } });
});
