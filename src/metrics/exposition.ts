import { Counter, collectDefaultMetrics, Gauge, type Histogram, Registry } from 'prom-client';
import type { Buckets } from './buckets.js';

/** The only file that knows the metrics library: it turns figures that are kept elsewhere into Prometheus' text. */

export type Labels = Readonly<Record<string, string>>;

/** Figures with their labels, read when somebody scrapes. */
export type Read<T> = () => Iterable<readonly [Labels, T]>;

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

export const PREFIX = 'budget_arbiter_';

/** Gauges that are called totals, against Prometheus' conventions; those without the suffix say the same, and by type. */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`);

export class Exposition {
  readonly #registry = new Registry();

  /** How the process does: memory, processor time, event loop, garbage collection. */
  ofProcess(): void {
    // A timer that looks at the event loop every 20 ms sees what delays a call, and costs half of the library's own.
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 20 });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
  }

  counter({ name, help, labels = [] }: Family, read: Read<number>): void {
    const counter: Counter = new Counter({
      ...{ name: PREFIX + name, help, labelNames: [...labels], registers: [this.#registry] },
      collect() {
        this.reset();
        for (const [own, value] of read()) this.inc({ ...own }, value);
      },
    });
    void counter;
  }

  gauge({ name, help, labels = [] }: Family, read: Read<number>): void {
    const gauge: Gauge = new Gauge({
      ...{ name: PREFIX + name, help, labelNames: [...labels], registers: [this.#registry] },
      collect() {
        this.reset();
        for (const [own, value] of read()) this.set({ ...own }, value);
      },
    });
    void gauge;
  }

  histogram({ name, help }: Family, read: Read<Buckets>): void {
    const full = PREFIX + name;
    const get = async () => ({
      ...{ name: full, help, type: 'histogram', aggregator: 'sum' },
      values: [...read()].flatMap(([labels, buckets]) => linesOf(full, labels, buckets)),
    });
    // The library's own kind of histogram can only be filled value by value. It asks a metric for its name and its figures:
    // prom-client 15.1.3, and `test/unit/metrics/exposition.test.ts` asks whichever is installed.
    this.#registry.registerMetric({ name: full, get } as unknown as Histogram);
  }

  async text(): Promise<{ readonly type: string; readonly text: string }> {
    return { type: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}

function linesOf(name: string, labels: Labels, { bounds, counts, sum }: Buckets) {
  let count = 0;
  const buckets = counts.map((ofBucket, index) => {
    count += ofBucket;
    const le = index < bounds.length ? String(bounds[index]) : '+Inf';
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
