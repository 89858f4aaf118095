import { describe, expect, it } from 'vitest';
import type { BudgetEvent } from '../../../src/arbiter/service-port.js';
import { WatchedEvents } from '../../../src/arbiter/watched-events.js';

const event = (at: number): BudgetEvent => ({ kind: 'granted', at, lease: {} as never });
const times = (events: readonly BudgetEvent[]): number[] => events.map(({ at }) => at);

/** Begun at revision 10; own commits 11, 12 and 14, something of another replica in 13 or so, all known up to 15. */
function watched(): WatchedEvents {
  const events = new WatchedEvents();
  events.add([event(1)], 10);
  events.begin(10);
  events.add([event(110), event(111)], 11);
  events.advance(11, [], false);
  events.add([event(120)], 12);
  events.add([event(140)], 14);
  events.advance(15, [event(130)], false);
  return events;
}

describe('one who watches on', () => {
  it('is told what happened after it came, in order, and each once', () => {
    const events = watched();
    const place = events.here;
    events.add([event(160)], 16);
    expect(events.since(place).events).toEqual([]);
    events.advance(16, [], false);
    const news = events.since(place);
    expect(times(news.events)).toEqual([160]);
    expect(events.since(news.place).events).toEqual([]);
  });

  it('hears how many more there were than are told', () => {
    const events = watched();
    const place = events.here;
    for (let revision = 16; revision < 1_516; revision += 1) {
      events.add([event(revision)], revision);
      if (revision % 500 === 0) events.advance(revision, [], false);
    }
    events.advance(1_515, [], false);
    const { events: told, merged, missed } = events.since(place);
    expect([told.length, merged, missed]).toEqual([1_000, 500, false]);
  });

  it('hears how many more there were than could wait for a look', () => {
    const events = watched();
    const place = events.here;
    for (let revision = 16; revision < 5_016; revision += 1) events.add([event(revision)], revision);
    events.advance(5_015, [], false);
    const news = events.since(place);
    expect(news.events.length + news.merged).toBe(5_000);
    expect(times(news.events).at(-1)).toBe(5_015);
    expect(news.missed).toBe(false);
    expect(events.after(2_000).missed).toBe(true);
    expect(events.after(5_000)).toMatchObject({ missed: false, events: { length: 15 } });
  });

  it('counts what could not wait once, though a look shows a part of it', () => {
    const events = watched();
    const place = events.here;
    for (let revision = 16; revision < 2_016; revision += 1) events.add([event(revision)], revision);
    events.advance(500, [], false);
    const first = events.since(place);
    expect(events.after(500).missed).toBe(true);
    events.advance(2_015, [], false);
    const second = events.since(first.place);
    expect(first.merged + first.events.length + second.merged + second.events.length).toBe(2_000);
  });

  it.each([
    ['the others committed too much', (events: WatchedEvents) => events.advance(20, [event(1)], true)],
  ])('hears once that it missed something when %s', (_, lose) => {
    const events = watched();
    const place = events.here;
    lose(events);
    const news = events.since(place);
    expect(news).toMatchObject({ events: [], merged: 0, missed: true });
    events.add([event(9)], 2_000);
    events.advance(2_000, [], false);
    expect(events.since(news.place)).toMatchObject({ missed: false, events: [event(9)] });
  });
});

describe('one who comes back', () => {
  it.each<[number, readonly number[]]>([
    [10, [110, 111, 120, 130, 140]],
    [11, [120, 130, 140]],
    [15, []],
  ])('after revision %d is told %j', (revision, told) => {
    const { events, missed } = watched().after(revision);
    expect([times(events), missed]).toEqual([told, false]);
  });

  it.each([
    ['before all that is kept', 9],
    ['of the future', 16],
    ['within what another replica did, nobody knows where', 13],
    ['0', 0],
  ])('after a revision %s hears that it missed something', (_, revision) => {
    expect(watched().after(revision)).toMatchObject({ events: [], missed: true });
  });

  it('after a revision whose events are no longer all kept hears that it missed something', () => {
    const events = watched();
    for (let revision = 16; revision <= 1_020; revision += 1) {
      events.add([event(revision)], revision);
      events.advance(revision, [], false);
    }
    expect(events.after(19).missed).toBe(true);
    expect(events.after(20)).toMatchObject({ missed: false });
    expect(events.after(20).events).toHaveLength(1_000);
  });
});
