import { alertConditions } from './alerts/alert-conditions.js';
import { addressAlerts } from './alerts/alert-deliveries.js';
import { alertInput } from './alerts/alert-input.js';
import { viewOfAlert } from './alerts/alert-view.js';
import { forgettableMarks, nextNoticeEnd, placed, standingRules, updateMarks } from './alerts/alerts.js';
import { endDenialRate } from './alerts/denial-rate.js';
import { silencedUntil, silencesAt } from './alerts/silences.js';
import type { Ledger } from './ledger/ledger.js';
import { dropEndedTopUps } from './ledger/top-ups.js';
import { REMEMBERED_WRITERS, WRITER_MEMORY_MS } from './model/limits.js';
import type { StatePatch } from './model/state.js';
import { nextWake } from './wake.js';

/** Who commits: the replica, and the number of its commit, by which it finds out whether it was applied. */
export interface Stamp {
  readonly copyId: string;
  readonly seq: number;
  /** The sinks to be told of an alert of a rule, by name. */
  readonly sinksFor?: (rule: string) => readonly string[];
  /** The store takes receipts out of the state in the commit that puts them there. */
  readonly receiptsInCommit?: boolean;
  /** The commit carries what was asked for, and nothing that time alone would add. */
  readonly restrained?: boolean;
}

/**
 * Ends a batch of decisions: alerts, the stamp, and what changed as one commit. Undefined: there is nothing to commit.
 * Only the arbiter's own requests may commit for the sake of the next wake-up alone: a caller's peek writes nothing.
 */
export function finish(ledger: Ledger, stamp: Stamp, housekeeping: boolean): StatePatch | undefined {
  if (ledger.exists && !stamp.restrained && (housekeeping || ledger.touched)) evaluateAlerts(ledger);
  if (ledger.exists && !stamp.restrained && (housekeeping || ledger.touched)) dropEndedTopUps(ledger);
  addressAlerts(ledger, stamp);
  // After it: the end of an alert whose start has just been told is still to be told.
  if (housekeeping || ledger.touched) forgetAlerts(ledger);
  // Without a change there is one for the sake of the wake-up alone: the store would wake somebody for nothing, or too late.
  if (!ledger.touched && !(housekeeping && nextWake(ledger) !== ledger.wakeAt)) return undefined;
  setStamp(ledger, stamp);
  // A lookup that was sent before may have missed them, and a state that is loaded later does not show them.
  if (stamp.receiptsInCommit && ledger.tables.outbox.touched) ledger.receiptsDroppedAt = ledger.nextRevision;
  return ledger.takePatch(nextWake(ledger));
}

function evaluateAlerts(ledger: Ledger): void {
  const { tables, clock } = ledger;
  endSilences(ledger);
  endDenialRate(ledger);
  const isDue = nextNoticeEnd(tables.alerts.values()) <= clock;
  const isUnchanged = !ledger.touched && !isDue && ledger.alertsCheckedFor === ledger.hour.start;
  // A commit for the sake of the wake-up alone moves the clock, too, by which a forecast may be another.
  if (isUnchanged && nextWake(ledger) === ledger.wakeAt) return;
  ledger.alertsCheckedFor = ledger.hour.start;
  const isSilent = (rule: string) => silencedUntil(ledger.silences, rule, clock) !== undefined;
  const standing = standingRules(tables.alerts);
  const conditions = alertConditions(alertInput(ledger), standing);
  if (conditions.length === 0 && standing.size === 0) return;
  for (const { key, alert, change } of updateMarks(tables.alerts, conditions, clock, isSilent)) {
    const counted = alert.untold ? placed({ unit: ledger.policy.unit, zone: ledger.zone }, alert) : alert;
    tables.alerts.set(key, counted);
    if (change !== undefined)
      ledger.note({ kind: 'alert', at: clock, alert: viewOfAlert(ledger, counted), change });
  }
}

/** A silence that is over leaves the state, and what it withheld is said, if it still holds: see `addressAlerts`. */
function endSilences(ledger: Ledger): void {
  const lasting = silencesAt(ledger.silences, ledger.clock);
  if (lasting !== ledger.silences) ledger.setSilences(lasting);
}

/** Not in the commit that changes it: whoever is concerned sees there that it was given up, or told. */
function forgetAlerts({ tables: { alerts }, month, clock }: Ledger): void {
  for (const key of forgettableMarks(alerts, month, clock)) {
    if (alerts.entry(key)?.changed === false) alerts.delete(key);
  }
}

/**
 * Stamps of replicas that are long gone are forgotten. One that slept through the outcome of its commit, and finds no stamp of its
 * own, would decide the batch once more.
 */
function setStamp({ tables, clock }: Ledger, { copyId, seq }: Stamp): void {
  tables.writers.set(copyId, { seq, at: clock });
  if (tables.writers.size <= REMEMBERED_WRITERS) return;
  for (const [id, { at }] of [...tables.writers.entries()]) {
    if (tables.writers.size <= REMEMBERED_WRITERS) return;
    if (id !== copyId && clock - at > WRITER_MEMORY_MS) tables.writers.delete(id);
  }
}
