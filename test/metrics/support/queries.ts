import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { DEPLOY } from './prometheus.js';

export interface NamedQuery {
  readonly name: string;
  readonly query: string;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface RulesFile {
  readonly groups: readonly { readonly rules: readonly AlertRule[] }[];
}

export function alertRules(): AlertRule[] {
  const file = parse(readFileSync(`${DEPLOY}prometheus/alerts.yaml`, 'utf8')) as RulesFile;
  return file.groups.flatMap(({ rules }) => rules);
}

/** A rule that does not hold gives nothing; asked for its truth instead, it gives 0, if there is what it compares. */
export function ruleQueries(): NamedQuery[] {
  return alertRules().map(({ alert, expr }) => ({
    name: alert,
    query: expr.replace(/ (==|>|<) (?=[\w.]+$)/, ' $1 bool '),
  }));
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr?: string }[] };
  readonly templating: { readonly list: readonly { readonly type: string; readonly definition?: string }[] };
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  /** A range of its own, whatever is chosen. */
  readonly timeFrom?: string;
  readonly targets?: readonly { readonly expr: string }[];
}

export function dashboard(): Dashboard {
  return JSON.parse(readFileSync(`${DEPLOY}grafana/dashboard.json`, 'utf8')) as Dashboard;
}

/** As Grafana sends them with every job and budget chosen. */
export function dashboardQueries(): NamedQuery[] {
  const { panels, templating } = dashboard();
  const ofPanels = panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ name: title, query: expr })),
  );
  const ofVariables = templating.list.flatMap(({ definition }) => {
    const [, series, label] = /^label_values\((.+), (\w+)\)$/.exec(definition ?? '') ?? [];
    return series === undefined ? [] : [{ name: 'a variable', query: `count by (${label}) (${series})` }];
  });
  return [...ofPanels, ...ofVariables].map(({ name, query }) => ({
    name,
    query: query.replaceAll(/\$(job|budget)/g, '.*').replaceAll('$__rate_interval', '1m'),
  }));
}
