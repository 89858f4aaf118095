import { expect, it } from 'vitest';
import { WatchMerger } from '../../../src/api/watch-merger.js';
import type { BudgetEvent, WatchUpdate } from '../../../src/arbiter/service-port.js';

const event = (at: number): BudgetEvent => ({ kind: 'granted', at, lease: {} as never });

function update(at: number, changes: Partial<WatchUpdate> = {}): WatchUpdate {
  return {
    at,
    events: [],
    mergedEvents: 0,
    denials: new Map(),
    waiters: at,
    snapshot: undefined,
    stale: false,
    ...changes,
  };
}

it('gives back one update as it was', () => {
  const merger = new WatchMerger();
  const only = update(5, {
    events: [event(1)],
    mergedEvents: 2,
    denials: new Map([['PAUSED', 3]]),
    stale: true,
  });
  merger.add(only);
  expect(merger.take()).toEqual(only);
  expect(merger.take()).toBeUndefined();
});

it('keeps the first thousand events, counts the others, sums denials, and tells the newest figures', () => {
  const merger = new WatchMerger();
  const many = (from: number): BudgetEvent[] =>
    Array.from({ length: 700 }, (_, index) => event(from + index));
  merger.add(update(1, { events: many(0), denials: new Map([['PAUSED', 1]]) }));
  merger.add(
    update(2, {
      events: many(700),
      mergedEvents: 5,
      denials: new Map([
        ['PAUSED', 2],
        ['COOLDOWN', 1],
      ]),
    }),
  );
  merger.add(update(3, { events: many(1_400), stale: true }));
  const merged = merger.take();
  expect(merged?.events.map(({ at }) => at)).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
  expect(merged).toMatchObject({ at: 3, waiters: 3, stale: true, mergedEvents: 400 + 5 + 700 });
  expect(merged?.denials).toEqual(
    new Map([
      ['PAUSED', 3],
      ['COOLDOWN', 1],
    ]),
  );
});

it('keeps that something was missed, until it was said', () => {
  const merger = new WatchMerger();
  merger.add(update(1, { missed: true }));
  merger.add(update(2));
  expect(merger.take()).toMatchObject({ at: 2, missed: true });
  merger.add(update(3));
  expect(merger.take()).toEqual(update(3));
});

it('begins anew after each take', () => {
  const merger = new WatchMerger();
  merger.add(update(1, { events: [event(1)], denials: new Map([['PAUSED', 1]]), mergedEvents: 1 }));
  const first = merger.take();
  merger.add(update(2));
  expect(merger.take()).toEqual(update(2));
  expect(first?.events).toHaveLength(1);
});
