import { describe, expect, it } from 'vitest';
import { Buckets, REQUESTS, SECONDS } from '../../../src/metrics/buckets.js';
import { Exposition } from '../../../src/metrics/exposition.js';

describe('buckets', () => {
  it('count a value that is a bound within it, and one above all bounds last', () => {
    const buckets = new Buckets([1, 2, 4]);
    for (const value of [0, 1, 1.5, 2, 4, 4.1, 100]) buckets.add(value);
    expect(buckets.counts).toEqual([2, 2, 1, 2]);
    expect(buckets.sum).toBeCloseTo(112.6);
  });

  it('take milliseconds for seconds', () => {
    const buckets = new Buckets(SECONDS);
    buckets.addMs(3);
    expect(buckets.counts[SECONDS.indexOf(0.005)]).toBe(1);
    expect(buckets.sum).toBe(0.003);
  });

  it.each([[SECONDS], [REQUESTS]])('have rising bounds', (bounds) => {
    expect(bounds).toEqual([...bounds].sort((a, b) => a - b));
  });
});

describe('the exposition', () => {
  it('writes a histogram cumulatively, as Prometheus wants it', async () => {
    const exposition = new Exposition();
    const buckets = new Buckets([1, 2]);
    for (const value of [1, 2, 3]) buckets.add(value);
    exposition.histogram({ name: 'x', help: 'What it is.' }, () => [[{ of: 'a"b\n' }, buckets]]);
    expect((await exposition.text()).text.split('\n').filter(Boolean)).toEqual([
      '# HELP budget_arbiter_x What it is.',
      '# TYPE budget_arbiter_x histogram',
      'budget_arbiter_x_bucket{of="a\\"b\\n",le="1"} 1',
      'budget_arbiter_x_bucket{of="a\\"b\\n",le="2"} 2',
      'budget_arbiter_x_bucket{of="a\\"b\\n",le="+Inf"} 3',
      'budget_arbiter_x_sum{of="a\\"b\\n"} 6',
      'budget_arbiter_x_count{of="a\\"b\\n"} 3',
    ]);
  });

  it('shows of counters and gauges what there is at the moment, and nothing of before', async () => {
    const exposition = new Exposition();
    let read: [Record<string, string>, number][] = [[{ budget: 'a' }, 1]];
    exposition.counter({ name: 'c_total', help: 'A count.', labels: ['budget'] }, () => read);
    exposition.gauge({ name: 'g', help: 'A figure.', labels: ['budget'] }, () => read);
    await exposition.text();
    read = [[{ budget: 'b' }, 2]];
    const { text } = await exposition.text();
    expect(text).toContain('budget_arbiter_c_total{budget="b"} 2\n');
    expect(text).toContain('budget_arbiter_g{budget="b"} 2\n');
    expect(text).not.toContain('budget="a"');
  });
});
