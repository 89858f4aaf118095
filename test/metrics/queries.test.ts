import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../end-to-end/support/until.js';
import { type Service, startService } from '../support/service.js';
import { checkedPage, Prometheus } from './support/prometheus.js';
import { dashboardQueries, ruleQueries } from './support/queries.js';
import { NAMED_AI, Workload } from './support/workload.js';

/** A rate needs two scrapes after a series has appeared. */
const DATA_MS = 30_000;

/** Alerts that the workload is for. */
const HAPPENS = ['BudgetEmergency', 'BudgetAlert', 'BudgetNotice'];

interface RuleState {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
  readonly state: string;
}

let folder: string;
let service: Service;
let workload: Workload;
let prometheus: Prometheus;
let working: Promise<void>;
let over = false;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'arbiter-metrics-'));
  const CONFIG_FILE = join(folder, 'config.yaml');
  await writeFile(CONFIG_FILE, `metrics: {ai_labels: [${NAMED_AI}]}`);
  service = await startService({ env: { CONFIG_FILE } });
  workload = new Workload(service);
  await workload.createBudgets();
  prometheus = await Prometheus.start(service.httpAddress);
  // What happened before the first scrape is no rise.
  await until('the first scrape', async () => (await prometheus.query('budget_arbiter_paused'))[3], DATA_MS);
  working = workload.run(() => over);
});

afterAll(async () => {
  over = true;
  await working;
  workload?.close();
  await prometheus?.stop();
  await service?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Waits for a figure; an error of Prometheus is shown if none comes. */
async function expectData(query: string): Promise<void> {
  const figure = async () => (await prometheus.query(query)).find(({ value }) => value[1] !== 'NaN');
  await until(`data of ${query}`, figure, DATA_MS);
}

describe('every query gives data of a real run', () => {
  it.each(ruleQueries())('rule $name', ({ query }) => expectData(query));
  it.each(dashboardQueries())('panel $name: $query', ({ query }) => expectData(query));
});

it('every rule is evaluated without an error, and those of what happened fire', async () => {
  const rulesNow = async (): Promise<RuleState[]> => {
    const { groups } = await prometheus.get<{ groups: { rules: RuleState[] }[] }>('rules');
    return groups.flatMap(({ rules }) => rules);
  };
  const rules = await until(
    'the rules are evaluated, and those of what happens fire',
    async () => {
      const now = await rulesNow();
      const names = now.filter(({ state }) => state === 'firing').map(({ name }) => name);
      const evaluated = now.every(({ health }) => health !== 'unknown');
      return evaluated && HAPPENS.every((name) => names.includes(name)) ? now : undefined;
    },
    DATA_MS,
  );
  expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
  const firing = rules.filter(({ state }) => state === 'firing').map(({ name }) => name);
  expect(firing.filter((name) => name.startsWith('BudgetArbiter'))).toEqual([]);
});

it('promtool finds nothing wrong with the page', async () => {
  const text = await (await fetch(`http://${service.httpAddress}/metrics`)).text();
  expect(await checkedPage(text)).toBe('');
});
