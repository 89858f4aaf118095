import { settingText } from '../config/config.js';
import { type Alert, AlertRule, type AlertSilence } from '../gen/budgetarbiter/v1/budget.js';
import { PROCESS_TIME } from '../platform/clock.js';
import { StartError } from '../platform/start-error.js';
import { type ConnectionOptions, connect, type Service } from './connect.js';
import type { Run } from './output.js';
import { harmless, table } from './text.js';
import { readUntil, UNTIL_RULE } from './until.js';

/** `budget-arbiter alerts`: what holds, what was told of it, and what an operator does about it. */

const PAGE = 1_000;
const PREFIX = 'ALERT_RULE_';

interface Printed extends ConnectionOptions {
  readonly json?: true;
}

export interface ListAlertsOptions extends Printed {
  readonly all?: true;
}

export interface AckOptions extends Printed {
  readonly reason: string;
}

export interface SilenceOptions extends Printed {
  readonly until?: string;
  readonly end?: true;
  readonly rule?: readonly string[];
  readonly reason: string;
}

interface Served {
  readonly budgetId: string;
  readonly service: Service;
  readonly zone: string;
}

export async function printAlerts(
  run: Run,
  budget: string | undefined,
  options: ListAlertsOptions,
): Promise<void> {
  await served(run, budget, options, async (of) => {
    const { alerts, silences } = await allAlerts(of, options.all === true);
    if (options.json) {
      run.output.out(json({ alerts: alerts.map(alertJson), silences: silences.map(silenceJson) }));
      return;
    }
    const rows = alerts.map((alert) => [
      nameOf(alert.rule),
      stateOf(alert),
      alert.raisedAt?.toISOString() ?? '',
      alert.alertId,
      harmless(alert.message),
    ]);
    const head = ['RULE', 'STATE', 'SINCE', 'ALERT', 'MESSAGE'];
    run.output.out(rows.length === 0 ? 'nothing is wrong\n' : table([head, ...rows]));
    run.output.out(silences.map((silence) => `silent: ${silenceText(silence)}\n`).join(''));
  });
}

/** Those that hold first, the newest before the others. */
async function allAlerts({ service, budgetId }: Served, includeEnded: boolean) {
  const alerts: Alert[] = [];
  for (let pageToken = ''; ; ) {
    const request = { budgetId, includeEnded, pageSize: PAGE, pageToken };
    const page = await service.call(service.admin.listAlerts.bind(service.admin), request);
    alerts.push(...page.alerts);
    pageToken = page.nextPageToken;
    if (pageToken !== '') continue;
    const isOver = ({ endedAt }: Alert) => (endedAt === undefined ? 0 : 1);
    const since = ({ raisedAt }: Alert) => raisedAt?.getTime() ?? 0;
    alerts.sort((a, b) => isOver(a) - isOver(b) || since(b) - since(a));
    return { alerts, silences: page.silences };
  }
}

export async function acknowledgeAlert(
  run: Run,
  alert: string,
  budget: string | undefined,
  options: AckOptions,
): Promise<void> {
  await served(run, budget, options, async (of) => {
    const { service, budgetId } = of;
    const alertId = await alertIdOf(of, alert);
    const request = { budgetId, alertId, reason: options.reason };
    const answer = await service.call(service.admin.acknowledgeAlert.bind(service.admin), request);
    if (answer.alert === undefined) return;
    run.output.out(options.json ? json(alertJson(answer.alert)) : `acknowledged ${alertId}\n`);
  });
}

/** A person names the rule; which of its windows is open, the service knows. */
async function alertIdOf(of: Served, alert: string): Promise<string> {
  if (alert.includes(':')) return alert;
  const { alerts } = await allAlerts(of, false);
  const found = alerts.find(({ rule }) => nameOf(rule) === alert.toUpperCase());
  if (found !== undefined) return found.alertId;
  throw new StartError(
    `no alert of ${of.budgetId} holds that is named ${alert}; \`alerts list\` shows them`,
    1,
  );
}

export async function silenceAlerts(
  run: Run,
  budget: string | undefined,
  options: SilenceOptions,
): Promise<void> {
  const rules = (options.rule ?? []).map(ruleNamed);
  await served(run, budget, options, async ({ service, budgetId, zone }) => {
    const request = { budgetId, rules, reason: options.reason, until: untilOf(options, zone) };
    const { silences } = await service.call(service.admin.silenceAlerts.bind(service.admin), request);
    if (options.json) run.output.out(json({ silences: silences.map(silenceJson) }));
    else if (silences.length === 0) run.output.out('nothing is silent\n');
    else run.output.out(silences.map((silence) => `silent: ${silenceText(silence)}\n`).join(''));
  });
}

function untilOf({ until, end }: SilenceOptions, zone: string): Date | undefined {
  if (end && until === undefined) return undefined;
  const at = until === undefined || end ? undefined : readUntil(until, zone, PROCESS_TIME.wall());
  if (at === undefined) throw new StartError(`--until must be ${UNTIL_RULE}; or give --end`, 2);
  return new Date(at);
}

function ruleNamed(name: string): AlertRule {
  const rule = AlertRule[`${PREFIX}${name.toUpperCase()}` as keyof typeof AlertRule];
  if (typeof rule === 'number' && rule > 0) return rule;
  throw new StartError(`--rule must be a rule of docs/alerts.md, such as WARNING; it is ${name}`, 2);
}

function nameOf(rule: AlertRule): string {
  return (AlertRule[rule] ?? String(rule)).replace(PREFIX, '');
}

function stateOf({ endedAt, notice, acknowledgedAt, acknowledgedBy, silencedUntil }: Alert): string {
  const isTold = notice?.endedAt === undefined;
  const stage = endedAt === undefined ? 'holds' : isTold ? 'not now' : 'ended';
  const by = acknowledgedBy ? ` by ${harmless(acknowledgedBy)}` : '';
  return [
    stage,
    ...(acknowledgedAt === undefined ? [] : [`acknowledged${by}`]),
    ...(silencedUntil === undefined ? [] : ['silent']),
  ].join(', ');
}

function silenceText({ rule, until, reason, silencedBy }: AlertSilence): string {
  const what = rule === undefined ? 'every rule' : nameOf(rule);
  const why = reason === '' ? '' : `: ${harmless(reason)}`;
  const who = silencedBy === '' ? '' : ` (${harmless(silencedBy)})`;
  return `${what} until ${until?.toISOString() ?? ''}${why}${who}`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** Rules by their names, as in the state of alerts everywhere else. */
const alertJson = ({ rule, ...alert }: Alert) => ({ rule: nameOf(rule), ...alert });
const silenceJson = ({ rule, ...silence }: AlertSilence) => ({
  ...silence,
  rule: rule === undefined ? null : nameOf(rule),
});

/** Days are those of the budget's zone. */
async function served(
  run: Run,
  id: string | undefined,
  options: ConnectionOptions,
  act: (of: Served) => Promise<void>,
): Promise<void> {
  const budgetId = id ?? settingText(run.environment, 'defaultBudget').text ?? '';
  const service = connect(options, run.environment, PROCESS_TIME.wall);
  try {
    const { budget } = await service.call(service.admin.getBudget.bind(service.admin), { budgetId });
    await act({ budgetId, service, zone: budget?.timeZoneInForce ?? 'UTC' });
  } finally {
    service.close();
  }
}
