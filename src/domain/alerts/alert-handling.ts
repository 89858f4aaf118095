import type { Ledger } from '../ledger/ledger.js';
import { type OutcomeOf, refused } from '../model/outcomes.js';
import type { AcknowledgeAlertRequest, SilenceAlertsRequest } from '../model/requests.js';
import type { StoredAlert } from '../model/state.js';
import { moment } from '../model/wording.js';
import { viewOfAlert } from './alert-view.js';
import { alertIdOf } from './alerts.js';
import { silencedBy, silencedUntil } from './silences.js';

/** What operators do about alerts. */

/** As long as a top-up may last: whoever silences for longer has forgotten it. */
const MAX_SILENCE_MS = 92 * 86_400_000;

/** Says that somebody minds an alert, until it is raised again. The last to say so stands. */
export function acknowledgeAlert(
  ledger: Ledger,
  { alertId, reason = '', principal }: AcknowledgeAlertRequest,
): OutcomeOf['acknowledge-alert'] {
  const { alerts } = ledger.tables;
  for (const [key, mark] of alerts.entries()) {
    if (mark.epoch !== undefined || alertIdOf(mark) !== alertId) continue;
    const before = viewOfAlert(ledger, mark);
    const acknowledged = { at: ledger.clock, reason, ...(principal !== undefined && { principal }) };
    const after = { ...mark, acknowledged };
    alerts.set(key, after);
    return { kind: 'alert', before, alert: noted(ledger, after) };
  }
  return refused({ reason: 'ALERT_NOT_FOUND', alertId });
}

/** Withholds what sinks would be told, until a moment; without one it ends what withholds it. */
export function silenceAlerts(
  ledger: Ledger,
  { until, rules, reason = '', principal }: SilenceAlertsRequest,
): OutcomeOf['silence-alerts'] {
  const { clock, silences: before } = ledger;
  if (until !== undefined && (until <= clock || until > clock + MAX_SILENCE_MS)) {
    const description = `must be after ${moment(clock)} and at most 92 days later; it is ${moment(until)}`;
    return refused({ reason: 'INVALID_FIELD', violations: [{ field: 'until', description }] });
  }
  const silence =
    until === undefined
      ? undefined
      : { until, reason, at: clock, ...(principal !== undefined && { principal }) };
  const after = silencedBy(before, rules, silence);
  ledger.setSilences(after);
  for (const mark of ledger.tables.alerts.values()) {
    if (mark.epoch !== undefined || mark.endedAt !== undefined) continue;
    const [then, now] = [before, after].map((silences) => silencedUntil(silences, mark.rule, clock));
    if (then !== now) noted(ledger, mark);
  }
  return { kind: 'silences', before, silences: after };
}

function noted(ledger: Ledger, mark: StoredAlert) {
  const alert = viewOfAlert(ledger, mark);
  ledger.note({ kind: 'alert', at: ledger.clock, alert, change: 'HANDLED' });
  return alert;
}
