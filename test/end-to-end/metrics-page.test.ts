import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Service, startService } from '../support/service.js';

const MANUAL = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');

/** One metric, as the page and the manual tell of it. */
interface Metric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
}

let folder: string;
let service: Service;
let page: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'arbiter-metrics-'));
  const CONFIG_FILE = join(folder, 'config.yaml');
  await writeFile(CONFIG_FILE, 'metrics: {ai_labels: [guardian]}');
  service = await startService({ env: { CONFIG_FILE } });
  page = await (await fetch(`http://${service.httpAddress}/metrics`)).text();
});
afterAll(async () => {
  await service?.stop();
  await rm(folder, { recursive: true, force: true });
});

function onPage(): Metric[] {
  const types = new Map(
    [...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
  );
  return [...page.matchAll(/^# HELP (\S+) (.+)$/gm)].map(([, name = '', help = '']) => ({
    ...{ name, type: types.get(name) ?? '', help },
  }));
}

/** Rows of `| name | type | labels | meaning |`. */
function inManual(): (Metric & { readonly labels: readonly string[] })[] {
  const rows = MANUAL.matchAll(/^\| `(\w+)` \| (counter|gauge|histogram|summary) \| (.*?) \| (.*) \|$/gm);
  return [...rows].map(([, name = '', type = '', labels = '', help = '']) => ({
    ...{ name, type, help },
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label),
  }));
}

describe('docs/metrics.md', () => {
  it('lists every metric of ours as the page has it, in its order', () => {
    const own = ({ name }: Metric) => name.startsWith('budget_arbiter_');
    const listed = inManual()
      .filter(own)
      .map(({ name, type, help }) => ({ name, type, help }));
    expect(listed).toEqual(onPage().filter(own));
  });

  it('lists every metric of the process by its name and type', () => {
    const shown = ({ name, type }: Metric) => `${name} ${type}`;
    const foreign = ({ name }: Metric) => !name.startsWith('budget_arbiter_');
    // Some are of Linux only.
    const listed = inManual().filter(foreign).map(shown);
    expect(listed).toEqual(expect.arrayContaining(onPage().filter(foreign).map(shown)));
  });

  it('lists the labels that there are', () => {
    for (const { name, type, labels } of inManual()) {
      const suffix = type === 'histogram' ? '_bucket' : '';
      const [, sample] = new RegExp(`^${name}${suffix}\\{(.+)\\} `, 'm').exec(page) ?? [];
      if (sample === undefined) continue;
      const found = [...sample.matchAll(/(\w+)="/g)]
        .map(([, label]) => label)
        .filter((label) => label !== 'le');
      expect(found, name).toEqual(labels);
    }
  });
});

it('tells of calls, requests and the store what happened since the start', async () => {
  expect(page).toMatch(/^budget_arbiter_store_duration_seconds_count\{operation="commit"\} [1-9]/m);
  expect(page).toMatch(/^budget_arbiter_window_cap_tokens\{budget="anthropic",window="month"\} 140000$/m);
  const next = await (await fetch(`http://${service.httpAddress}/metrics`)).text();
  expect(next).toContain(
    'budget_arbiter_http_request_duration_seconds_count{path="/metrics",status="200"} 1',
  );
});
