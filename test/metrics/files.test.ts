import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { factsOf } from '../../src/alerts/notice.js';
import { isHappening } from '../../src/domain/alerts/alert-deliveries.js';
import { ALERT_RULES } from '../../src/domain/alerts/condition.js';
import { DEPLOY, promtool } from './support/prometheus.js';
import { alertRules, dashboard, dashboardQueries, ruleQueries } from './support/queries.js';

describe('deploy/prometheus', () => {
  it('has rules and a configuration that promtool accepts', async () => {
    expect(await promtool('check', 'rules', 'alerts.yaml')).toContain('SUCCESS');
    expect(await promtool('check', 'config', 'prometheus.yaml')).toContain('SUCCESS');
  });

  it('has rules that fire when they should', async () => {
    expect(await promtool('test', 'rules', 'alerts.test.yaml')).toContain('SUCCESS');
  });

  it('shows each of them fire, and not fire', () => {
    const { tests } = parse(readFileSync(`${DEPLOY}prometheus/alerts.test.yaml`, 'utf8')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts?: unknown[] }[] }[];
    };
    const cases = tests.flatMap(({ alert_rule_test }) => alert_rule_test);
    const names = (fires: boolean) =>
      cases
        .filter(({ exp_alerts }) => (exp_alerts !== undefined) === fires)
        .map(({ alertname }) => alertname);
    const all = alertRules().map(({ alert }) => alert);
    expect(names(true).sort()).toEqual([...all].sort());
    expect(names(false).sort()).toEqual([...all].sort());
  });

  it('says of each alert how bad it is, what happened and what to do', () => {
    for (const { alert, labels, annotations } of alertRules()) {
      expect(labels['severity'], alert).toMatch(/^(info|warning|critical)$/);
      expect(annotations['summary'], alert).toMatch(/\S/);
      expect(annotations['description']?.length, alert).toBeGreaterThan(60);
    }
  });

  it('has for each a place in the runbook', () => {
    const text = readFileSync(`${DEPLOY}../docs/operations.md`, 'utf8');
    const anchors = [...text.matchAll(/^### (\w+)$/gm)].map(([, name = '']) => `#${name.toLowerCase()}`);
    for (const { alert, annotations } of alertRules()) {
      expect(annotations['runbook_url'], alert).toBe(`docs/operations.md#${alert.toLowerCase()}`);
      expect(anchors, alert).toContain(`#${alert.toLowerCase()}`);
    }
  });

  it('tells of each condition of a budget once, as severe as the service says', () => {
    for (const rule of ALERT_RULES) {
      if (isHappening({ rule })) continue;
      const telling = alertRules().filter(({ expr }) => {
        const [, named] = /alert_active\{rule=~"([A-Z_|]+)"\}/.exec(expr) ?? [];
        return named?.split('|').includes(rule);
      });
      expect(
        telling.map(({ labels }) => labels['severity']),
        rule,
      ).toEqual([factsOf({ rule }).severity]);
    }
  });

  it('compares in every rule, so that the tests can ask for what it compares', () => {
    for (const { name, query } of ruleQueries()) expect(query, name).toContain(' bool ');
  });
});

describe('the dashboard of Grafana', () => {
  it('has panels that have ids of their own and do not cover each other', () => {
    const { panels } = dashboard();
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const [index, { gridPos: a, title }] of panels.entries()) {
      expect(a.x + a.w, title).toBeLessThanOrEqual(24);
      for (const { gridPos: b, title: other } of panels.slice(index + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect(apart, `${title} and ${other}`).toBe(true);
      }
    }
  });

  it('answers above all whether the month is spent evenly and who is refused, with one row a budget', () => {
    const { panels, annotations } = dashboard();
    const [, second] = panels.flatMap(({ type, gridPos }) => (type === 'row' ? [gridPos.y] : []));
    const first = panels.filter(({ gridPos }) => gridPos.y < (second ?? 0));
    expect(first.map(({ title }) => title)).toEqual(expect.arrayContaining(['Budgets', 'Denials by rule']));
    expect(panels.filter(({ type }) => type === 'gauge')).toEqual([]);
    const months = panels.filter(({ type, title }) => type === 'timeseries' && title.startsWith('Month'));
    expect(months.map(({ timeFrom }) => timeFrom)).toEqual(months.map(() => '30d'));
    expect(months.length).toBeGreaterThan(0);
    const marks = annotations.list.map(({ name, expr }) => [name, expr?.includes('job=~"$job"')]);
    expect(marks).toEqual([
      ['Limits changed', true],
      ['Paused or resumed', true],
      ['Alert raised', true],
    ]);
  });

  it('asks for something in every panel, of the chosen job and budgets only', () => {
    const { panels } = dashboard();
    for (const { type, title, targets = [] } of panels) {
      if (type === 'row') continue;
      expect(targets.length, title).toBeGreaterThan(0);
      for (const { expr } of targets) expect(expr, title).toContain('job=~"$job"');
    }
    expect(dashboardQueries().length).toBeGreaterThan(60);
  });
});
