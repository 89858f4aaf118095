import type { Ledger } from '../ledger/ledger.js';
import type { AlertView } from '../model/outcomes.js';
import type { StoredAlert } from '../model/state.js';
import { alertConditions } from './alert-conditions.js';
import { isHappening } from './alert-deliveries.js';
import { alertInput } from './alert-input.js';
import { markKey } from './alerts.js';
import { silencedUntil } from './silences.js';

/** An alert as watchers and logs see it: whom it must be told beside them is nobody else's matter. */
export function viewOfAlert(
  { silences, clock }: Pick<Ledger, 'silences' | 'clock'>,
  alert: StoredAlert,
): AlertView {
  const { untold: _, ...told } = alert;
  const until = silencedUntil(silences, alert.rule, clock);
  return until === undefined ? told : { ...told, silencedUntil: until };
}

/** Those of the budget that lives. What holds is shown with the figures of now, not with those that were told. */
export function alertsNow(ledger: Ledger): AlertView[] {
  const { alerts } = ledger.tables;
  const standing = [...alerts.entries()].filter(([, { epoch }]) => epoch === undefined);
  const holds = ({ endedAt }: StoredAlert) => endedAt === undefined;
  if (!ledger.exists || !standing.some(([, mark]) => holds(mark) && !isHappening(mark)))
    return standing.map(([, mark]) => viewOfAlert(ledger, mark));
  const conditions = alertConditions(alertInput(ledger));
  const now = new Map(conditions.map((condition) => [markKey(alerts, condition), condition]));
  return standing.map(([key, mark]) => {
    const view = viewOfAlert(ledger, mark);
    const condition = now.get(key);
    if (!holds(mark) || !condition?.holds) return view;
    const { value, threshold, message } = condition;
    return { ...view, value, threshold, message: message() };
  });
}
