import type { AlertChange } from '../domain/alerts/notices.js';
import type { BudgetView } from '../domain/model/outcomes.js';
import type { StoredAlert } from '../domain/model/state.js';
import type { Denial, LeaseView } from '../domain/model/types.js';
import type { Log, LogFields } from '../platform/log.js';
import type { BudgetEvent } from './service-port.js';

/** One line per state change. `budget`, `ai`, `lease` and `fence` are named so in every line; amounts are tokens. */
export function logEvent(log: Log, budgetId: string, event: BudgetEvent): void {
  switch (event.kind) {
    case 'granted':
      logGrant(log, leaseFields(budgetId, event.lease), event.askedTokens);
      break;
    case 'released':
      log.info(leaseFields(budgetId, event.lease), 'slot released');
      break;
    case 'expired':
      log.warn(leaseFields(budgetId, event.lease), 'lease expired');
      break;
    case 'revoked':
      log.warn(leaseFields(budgetId, event.lease), 'lease revoked');
      break;
    case 'overrun':
      log.warn(
        { ...leaseFields(budgetId, event.lease), overrun: event.tokens },
        'usage above the reservation',
      );
      break;
    case 'alert':
      logAlert(log, budgetId, event.alert, event.change);
      break;
    case 'changed':
      logChange(log, budgetId, event.budget);
      break;
  }
}

/** `asked`: where caps left less, and that was enough. */
function logGrant(log: Log, fields: LogFields, asked: number | undefined): void {
  if (asked === undefined) log.info(fields, 'slot granted');
  else log.info({ ...fields, asked }, 'slot granted, for less than was asked');
}

/** A denial is an ordinary answer, given as often as it is asked for: at debug. */
export function logDenial(log: Log, budgetId: string, aiId: string, denial: Denial): void {
  const { blockers, retryAfterMs, permanent } = denial;
  log.debug(
    { budget: budgetId, ai: aiId, rules: blockers.map(({ rule }) => rule), retryAfterMs, permanent },
    'slot denied',
  );
}

/** Another replica committed first; the batch is decided again after `backoffMs`. */
export function logLostRace(log: Log, budgetId: string, attempt: number, backoffMs: number): void {
  log.debug({ budget: budgetId, attempt, backoffMs }, 'commit lost a race');
}

function logChange(log: Log, budgetId: string, { etag, pause }: BudgetView): void {
  const paused = pause === undefined ? {} : { paused: true, reason: pause.reason };
  log.info({ budget: budgetId, etag, ...paused }, 'budget changed');
}

/** Notices are told; that a condition is away, and may come back, is for those who watch. */
function logAlert(log: Log, budgetId: string, alert: StoredAlert, change: AlertChange): void {
  const { rule, window, windowStart, value, threshold, message } = alert;
  const fields = {
    budget: budgetId,
    rule,
    window,
    windowStart: new Date(windowStart).toISOString(),
    value,
    threshold,
  };
  if (change === 'RAISED') log.warn(fields, `alert: ${message}`);
  else if (change === 'ENDED') log.info(fields, `alert ended: ${message}`);
}

function leaseFields(budgetId: string, lease: LeaseView): LogFields {
  return {
    budget: budgetId,
    ai: lease.aiId,
    ...(lease.teamId === undefined ? {} : { team: lease.teamId }),
    ...(lease.model === undefined ? {} : { model: lease.model }),
    lease: lease.leaseId,
    fence: lease.fence,
    reserved: lease.reservedTokens,
    used: lease.usedTokens,
    ...(lease.presumedTokens > 0 ? { presumed: lease.presumedTokens } : {}),
  };
}
