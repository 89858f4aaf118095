import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
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
