import type { Ledger } from '../../src/domain/ledger/ledger.js';
import { standingOf } from '../../src/domain/ledger/standing.js';
import type { StoredState } from '../../src/domain/model/state.js';
import type { Replica } from './sim-world.js';

/** What a replica keeps in memory after a commit of its own is what a load of the state would make of it, in all that it sums up. */
export function wrongOfKept(
  budgetId: string,
  { arbiter, copyId }: Replica,
  state: StoredState,
  loaded: Ledger,
): string[] {
  const { epoch, revision, clock, deleted } = state.head;
  const kept = arbiter['queues'].get(budgetId)?.['machine'].ledger;
  if (deleted || kept?.epoch !== epoch || kept.revision !== revision || kept.clock !== clock) return [];
  // Another replica decided the same revision, and has not heard yet that it lost.
  if (kept.tables.writers.get(copyId)?.seq !== state.sections.writers.get(copyId)?.seq) return [];
  const [found, expected] = [sumsOf(kept), sumsOf(loaded)];
  return found === expected ? [] : [`revision ${revision}: in memory is ${found}, and stored ${expected}`];
}

function sumsOf(ledger: Ledger): string {
  const { slots, hour, today, month, allowance, pace, topUps, tables } = ledger;
  const ais = [...tables.ais.keys()]
    .sort()
    .map((aiId) => [slots.liveOf(aiId), slots.reservedOf(aiId, today.day)]);
  return JSON.stringify({
    ...{ hour: hour.start, day: today.day, month: month.key, standing: standingOf(ledger), allowance },
    ...{ leases: slots.live + slots.waiting, reserved: slots.reservedNow(ledger), topped: slots.topped },
    ...{ ais, scopes: scopesOf(ledger), experience: pace.experience, larger: topUps.largerBy(month.key) },
  });
}

function scopesOf({ scopes, hour, today, month }: Ledger): unknown {
  if (scopes === undefined) return undefined;
  return [...scopes.teams.values(), ...scopes.models.values()].map((scope) => [
    ...[scope.kind, scope.id, scope.live, scope.hour, scope.day, scope.month],
    ...[scope.heldInHour(hour.start), scope.heldInDay(today.day), scope.heldInMonth(month.key)],
  ]);
}
