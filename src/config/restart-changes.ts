import { placeOf, type SinkSettings } from '../alerts/sink-settings.js';
import { POLICY_ROWS } from '../domain/policy/policy-fields.js';
import { samePolicy, tidyPolicy } from '../domain/policy/policy-update.js';
import type { ConfiguredBudget } from './budgets-file.js';
import type { Config } from './config.js';

/** What of CONFIG_FILE only a restart takes over. */
type Restarted = Pick<Config, 'budgets' | 'alertSinks' | 'metrics' | 'credentials' | 'tls'>;

/** What a restart would change: of the configuration in force, by what CONFIG_FILE says now. One line each, without secrets. */
export function restartChanges(inForce: Restarted, now: Restarted): string[] {
  return [
    ...budgetChanges(inForce.budgets, now.budgets),
    ...sinkChanges(inForce.alertSinks, now.alertSinks),
    ...accessChanges(inForce, now),
    ...changedFields(inForce.metrics, now.metrics).map(
      (field) => `change ${field === 'aiLabels' ? 'metrics.ai_labels' : 'metrics.max_budgets'}`,
    ),
  ];
}

/** The file creates budgets, and never changes one that is there. */
function budgetChanges(before: readonly ConfiguredBudget[], after: readonly ConfiguredBudget[]): string[] {
  const known = new Map(before.map(({ budgetId, fields }) => [budgetId, fields]));
  const left = new Set(after.map(({ budgetId }) => budgetId));
  return [
    ...after.flatMap(({ budgetId, fields }) => {
      const old = known.get(budgetId);
      if (old === undefined) return [`add budget ${budgetId}, unless the store has one of that name`];
      if (samePolicy(tidyPolicy(old), tidyPolicy(fields))) return [];
      const names = POLICY_ROWS.flatMap(([key, { name }]) =>
        JSON.stringify(old[key]) === JSON.stringify(fields[key]) ? [] : [name],
      );
      const what = `${names.join(', ')} of budget ${budgetId}`;
      return [`not change ${what}: the stored policy stays in force, UpdateBudget changes it`];
    }),
    ...before.flatMap(({ budgetId }) =>
      left.has(budgetId) ? [] : [`leave budget ${budgetId} as it is, which the file no longer names`],
    ),
  ];
}

function sinkChanges(before: readonly SinkSettings[], after: readonly SinkSettings[]): string[] {
  const known = new Map(before.map((sink) => [sink.name, sink]));
  const left = new Set(after.map(({ name }) => name));
  return [
    ...after.flatMap((sink) => {
      const old = known.get(sink.name);
      if (old === undefined) return [`add alert sink ${sink.name} (${placeOf(sink)})`];
      const fields = changedFields(old, sink);
      return fields.length === 0 ? [] : [`change ${fields.join(', ')} of alert sink ${sink.name}`];
    }),
    ...before.flatMap(({ name }) => (left.has(name) ? [] : [`remove alert sink ${name}`])),
  ];
}

function accessChanges(inForce: Restarted, now: Restarted): string[] {
  const [before, after] = [inForce.tls, now.tls];
  const asked = [
    ...(inForce.credentials === undefined && now.credentials !== undefined
      ? ['ask for credentials: until then everybody may do everything']
      : []),
    ...(inForce.credentials !== undefined && now.credentials === undefined
      ? ['serve without credentials, if it may']
      : []),
  ];
  if (before === undefined && after === undefined) return asked;
  if (after === undefined) return [...asked, 'serve without TLS'];
  if (before === undefined) return [...asked, `serve with TLS, by ${after.cert}`];
  const names = { cert: 'tls.cert', key: 'tls.key', clientCa: 'credentials.mtls.client_ca' } as const;
  return [
    ...asked,
    ...changedFields(before, after).map((field) => `change ${names[field as keyof typeof names]}`),
  ];
}

/** Names of the fields that differ. */
function changedFields(before: object, after: object): string[] {
  const [old, now] = [before, after] as Readonly<Record<string, unknown>>[];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (field) => JSON.stringify(old?.[field]) !== JSON.stringify(now?.[field]),
  );
}
