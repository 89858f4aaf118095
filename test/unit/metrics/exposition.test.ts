import { describe, expect, it } from 'vitest';
import { Buckets } from '../../../src/metrics/buckets.js';
import { Exposition } from '../../../src/metrics/exposition.js';

describe('the page for Prometheus', () => {
  it('has histograms that were counted elsewhere, which prom-client takes as a metric of its own', async () => {
    const exposition = new Exposition();
    const took = new Buckets([1, 2]);
    for (const seconds of [0.5, 1, 1.5, 20]) took.add(seconds);
    exposition.histogram({ name: 'took_seconds', help: 'How long it took.' }, () => [[{ what: 'it' }, took]]);
    const { text } = await exposition.text();
    expect(text).toContain('_took_seconds histogram\n');
    expect(text).toMatch(
      /_took_seconds_bucket\{le="2",what="it"\} 3\n|_took_seconds_bucket\{what="it",le="2"\} 3\n/,
    );
    expect(text).toMatch(/_took_seconds_count\{what="it"\} 4\n/);
  });
});
