import { alertIdOf } from '../../domain/alerts/alerts.js';
import { toldOf } from '../../domain/alerts/notices.js';
import type { AlertView } from '../../domain/model/outcomes.js';
import type {
  AcknowledgeAlertRequest,
  AcknowledgeAlertResponse,
  ListAlertsRequest,
  ListAlertsResponse,
  SilenceAlertsRequest,
  SilenceAlertsResponse,
} from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import { answered } from '../failures/request-error.js';
import { pageToken } from '../page-token.js';
import { readAcknowledge, readListAlerts, readSilence } from '../read/alert-requests.js';
import type { UnaryHandler } from '../service.js';
import { alertMessage, silenceMessages } from '../write/alert.js';

export const listAlerts: UnaryHandler<ListAlertsRequest, ListAlertsResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const { budgetId, query, after, size, includeEnded } = readListAlerts(message);
  const { snapshot } = answered(await servicePort.submit(budgetId, { kind: 'get-snapshot' }, caller));
  const found = snapshot.alerts
    .filter((alert) => includeEnded || isOpen(alert))
    .map((alert) => ({ id: alertIdOf(alert), alert }))
    .filter(({ id }) => id > after)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const shown = found.slice(0, size);
  const last = shown.at(-1);
  return {
    alerts: shown.map(({ alert }) => alertMessage(alert)),
    silences: silenceMessages(snapshot.silences),
    nextPageToken: found.length > shown.length && last !== undefined ? pageToken(query, last.id) : '',
  };
};

/** It holds, or may come back before its end is told. */
function isOpen(alert: AlertView): boolean {
  return alert.endedAt === undefined || toldOf(alert).endedAt === undefined;
}

export const acknowledgeAlert: UnaryHandler<AcknowledgeAlertRequest, AcknowledgeAlertResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const { budgetId, request } = readAcknowledge(message);
  const { alert } = answered(await servicePort.submit(budgetId, request, caller));
  return { alert: alertMessage(alert) };
};

export const silenceAlerts: UnaryHandler<SilenceAlertsRequest, SilenceAlertsResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const { budgetId, request } = readSilence(message);
  const { silences } = answered(await servicePort.submit(budgetId, request, caller));
  return { silences: silenceMessages(silences) };
};
