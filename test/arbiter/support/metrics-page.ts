import type { MetricsSettings } from '../../../src/config/metrics-file.js';
import { openMetrics } from '../../../src/metrics/open-metrics.js';
import { ManualClock } from '../../support/manual-clock.js';
import { openWorld, type World, type WorldOptions } from './world.js';

export interface MetricsWorld extends World {
  /** Scrapes. By series, e.g. `grants_total{budget="anthropic"}`, its value. */
  scrape(): Promise<Map<string, number>>;
}

/** A world whose first and only replica is measured. Time stands still for the metrics unless the test moves it. */
export async function openMetricsWorld(
  settings: Partial<MetricsSettings> = {},
  options: WorldOptions = {},
): Promise<MetricsWorld> {
  const time = new ManualClock();
  let world: World | undefined;
  const metrics = openMetrics({
    settings: { maxBudgets: 200, aiLabels: [], ...settings },
    scheduler: {
      after: (ms, task) => (world as World).scheduler.after(ms, task),
      soon: (task) => (world as World).scheduler.soon(task),
      random: () => 0,
    },
    monotonic: () => time.monotonic(),
  });
  const opened = await openWorld({ ...options, observer: metrics.arbiter });
  world = opened;
  const page = metrics.page(opened.arbiter, {
    ...{ version: '1.2.3', store: 'memory', load: () => opened.arbiter.load() },
    watchers: () => opened.arbiter.counts.watchers,
    ...{ serving: () => true, clockTrusted: () => true, clockSkewMs: () => 1_500 },
    configurationRead: () => ({ successful: true, succeededAt: 1_000 }),
  });
  return Object.assign(opened, {
    async scrape() {
      // What was seen a moment ago would be shown again.
      time.advance(10_000);
      return parsed((await opened.scheduler.until(page())).text);
    },
  });
}

function parsed(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at).replace(/^budget_arbiter_/, ''), Number(line.slice(at + 1))];
    }),
  );
}
