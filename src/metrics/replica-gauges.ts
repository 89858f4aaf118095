import type { BudgetLoad } from '../arbiter/arbiter.js';
import { OTHER } from '../domain/model/types.js';
import type { BudgetFigures } from './budget-figures.js';
import type { BudgetTallies } from './budget-tallies.js';
import type { Exposition } from './exposition.js';

/** What this replica can tell of itself. */
export interface ReplicaState {
  readonly version: string;
  readonly store: string;
  /** Requests of every budget in memory. */
  readonly load: () => readonly BudgetLoad[];
  readonly watchers: () => number;
  readonly serving: () => boolean;
  readonly clockTrusted: () => boolean;
  /** This machine's wall clock less the time that is kept; undefined while there is nothing to compare. */
  readonly clockSkewMs: () => number | undefined;
  /** How CONFIG_FILE was read last; by the wall clock. */
  readonly configurationRead: () => { readonly successful: boolean; readonly succeededAt: number };
}

export function exposeReplicaGauges(
  exposition: Exposition,
  replica: ReplicaState,
  tallies: BudgetTallies,
  figures: BudgetFigures,
): void {
  const one = (name: string, help: string, read: () => number | undefined) =>
    exposition.gauge({ name, help }, () => {
      const value = read();
      return value === undefined ? [] : [[{}, value]];
    });
  const { version, store } = replica;
  const build = { name: 'build_info', help: 'What runs here: always 1.', labels: ['version', 'store'] };
  exposition.gauge(build, () => [[{ version, store }, 1]]);
  one('serving', '1 while the store answers and this replica is not stopping.', () =>
    Number(replica.serving()),
  );
  one('clock_trusted', '0 while clocks disagree and nothing is granted.', () =>
    Number(replica.clockTrusted()),
  );
  one(
    'clock_skew_seconds',
    "This machine's clock less the store's, or on the embedded store less the monotonic clock's time.",
    () => {
      const ms = replica.clockSkewMs();
      return ms === undefined ? undefined : ms / 1_000;
    },
  );
  one('config_last_read_successful', '0 while CONFIG_FILE, as it stands now, is not used.', () =>
    Number(replica.configurationRead().successful),
  );
  one(
    'config_last_read_success_timestamp_seconds',
    'When CONFIG_FILE was last found right and changed, or the start.',
    () => replica.configurationRead().succeededAt / 1_000,
  );
  one('watchers', 'Watchers of budgets.', replica.watchers);
  one('budgets_in_memory', 'Budgets that this replica has in memory.', () => replica.load().length);
  one(
    'scrape_missing_budgets',
    'Budgets whose figures could not be had for this scrape.',
    () => figures.missing,
  );
  one(
    'budget_labels_exhausted',
    '1 while there are more budgets than metrics.max_budgets; those beyond count under (other).',
    () => Number(figures.tooMany),
  );
  exposeLoad(exposition, replica, tallies);
}

function exposeLoad(exposition: Exposition, { load }: ReplicaState, tallies: BudgetTallies): void {
  for (const [name, key, help] of [
    ['queued_requests', 'queued', 'Requests that wait to be decided or committed, in this replica.'],
    ['waiters', 'waiting', 'Requests that stay until there is a slot, in this replica.'],
  ] as const) {
    exposition.gauge({ name, help, labels: ['budget'] }, () => {
      const sums = new Map<string, number>(tallies.names.map((budget) => [budget, 0]));
      for (const budget of load()) {
        const label = tallies.has(budget.budgetId) ? budget.budgetId : OTHER;
        sums.set(label, (sums.get(label) ?? 0) + budget[key]);
      }
      return [...sums].map(([budget, sum]) => [{ budget }, sum] as const);
    });
  }
}
