import { KEPT_MS } from '../../src/domain/denials/records.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import type { WorkProgress } from '../../src/platform/work-progress.js';
import { VirtualBudget } from '../../src/replay/virtual-budget.js';
import { openLmdbStore } from '../../src/store/lmdb/open-lmdb-store.js';
import type { BudgetStore } from '../../src/store/store.js';
import { wholePatch } from '../../src/transfer/copy-budget.js';
import { type Call, callsOf } from './demand.js';
import { endOf } from './endings.js';
import { OPERATOR } from './operators.js';
import type { Options } from './options.js';
import { Player } from './play.js';
import { SCENES, type Scene } from './scenes.js';

const MONTHS_BEFORE = 3;
/** What of its month a budget has asked for that is nearly out: some of that is refused. */
const NEARLY_ALL = 0.995;
const ENFORCED_PART = 0.9;
const RECEIPTS = 1_000;

export interface Filled {
  readonly budgetId: string;
  readonly ais: number;
  readonly days: number;
  readonly granted: number;
  readonly denied: number;
}

/** Decides all that was asked for in four months, and writes what became of it into the folder. */
export async function fill(
  { dataDir, until, seed }: Options,
  tell: (filled: Filled) => void,
  progress: WorkProgress,
): Promise<void> {
  progress.begin({ what: 'filling', pieces: SCENES.length, of: 'budgets' });
  const store = await openLmdbStore({ dataDir });
  try {
    for (const [at, scene] of SCENES.entries()) {
      const { budget, player } = await lived(scene, until, seed + at, (share) => progress.reach(at + share));
      const days = await write(store, budget, player);
      const { granted, denied } = player;
      tell({ budgetId: scene.budgetId, ais: scene.ais.length, days, granted, denied });
    }
  } finally {
    await store.close();
  }
}

/** All that the service itself would have in its store; the state comes last. Returns of how many days. */
async function write(store: BudgetStore, budget: VirtualBudget, player: Player): Promise<number> {
  const { budgetId, ledger } = budget;
  const days = await budget.days();
  await store.writeDays(days);
  for (let after = ''; ; ) {
    const page = await budget.receipts(after, RECEIPTS);
    await store.writeReceipts(budgetId, page);
    after = page.at(-1)?.id ?? '';
    if (page.length < RECEIPTS) break;
  }
  await store.writeChanges(budgetId, await budget.changes());
  const since = ledger.clock - KEPT_MS;
  await store.writeDenials(player.denials().filter(({ head }) => head.lastAt >= since));
  await store.commit(budgetId, undefined, wholePatch(await budget.stored()));
  return days.length;
}

/** A budget after its four months. */
export async function lived(
  scene: Scene,
  until: number,
  seed: number,
  reach: (share: number) => void = () => {},
) {
  const now = new Date(until);
  const monthAt = (back: number) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1);
  const from = monthAt(MONTHS_BEFORE);
  const calls = callsOf(scene, from, until, seed);
  const budget = await VirtualBudget.open(scene.budgetId, { keepsAll: true });
  const player = new Player(budget);
  const knowsHours = scene.ending === 'PAUSED' ? monthAt(MONTHS_BEFORE - 1) : from;
  const fields = policyOf(scene, calls, from, monthAt(0));
  const first = { kind: 'put-policy', fields, principal: OPERATOR, reason: 'to begin with' } as const;
  await player.operate(first, knowsHours);
  await bringIn(
    player,
    calls.filter(({ at }) => at < knowsHours),
    knowsHours,
  );
  const ending = endOf(scene, until);
  for (const [at, call] of calls.entries()) {
    reach(at / calls.length);
    if (call.at < knowsHours) continue;
    await ending.before(player, call.at);
    if (call.at < ending.callsUntil) await player.play(call);
  }
  await ending.before(player, until);
  await player.releaseUntil(until);
  await budget.decide({ kind: 'sweep' }, until);
  return { budget, player };
}

/** A limit that is not said is one that this month has nearly reached. */
function policyOf({ policy }: Scene, calls: readonly Call[], from: number, month: number): PolicyFields {
  if (policy.monthlyLimit !== undefined) return policy;
  const ofMonth = calls.filter(({ at }) => at >= month).reduce((sum, { amount }) => sum + amount, 0);
  const before = calls
    .filter(({ at }) => at >= from && at < month)
    .reduce((sum, { amount }) => sum + amount, 0);
  const wanted = Math.max(ofMonth, before / MONTHS_BEFORE / 2);
  return { ...policy, monthlyLimit: Math.ceil(wanted / NEARLY_ALL / ENFORCED_PART) };
}

/** What was spent before the service was there: by day, AI and model, without hours. */
async function bringIn(player: Player, calls: readonly Call[], at: number): Promise<void> {
  const sums = new Map<string, number>();
  for (const { at: when, aiId, model, amount } of calls) {
    const key = `${new Date(when).toISOString().slice(0, 10)} ${aiId} ${model}`;
    sums.set(key, (sums.get(key) ?? 0) + amount);
  }
  for (const [key, tokens] of sums) {
    const [day = '', aiId = '', model = ''] = key.split(' ');
    const ids = {
      adjustmentId: player.newId('adjustment'),
      fingerprint: '',
      reason: 'from the bills of before',
      principal: OPERATOR,
    };
    await player.operate({ kind: 'adjust', day, aiId, model, tokens, ...ids }, at);
  }
}
