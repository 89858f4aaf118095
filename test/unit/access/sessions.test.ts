import { describe, expect, it } from 'vitest';
import type { Principal } from '../../../src/access/principal.js';
import { Sessions } from '../../../src/access/sessions.js';
import { FakeTime } from '../../support/fake-time.js';

const START = '2026-11-24T12:00:00Z';
const named = (name: string, more: Partial<Principal> = {}): Principal => ({
  name,
  via: 'token',
  roles: [],
  ...more,
});

describe('sessions', () => {
  it('are found by their ids alone, each with a secret of its own', () => {
    const sessions = new Sessions(new FakeTime(START));
    const [one, other] = [sessions.open(named('a')), sessions.open(named('a'))];
    expect(sessions.use(one.id)?.principal.name).toBe('a');
    expect(sessions.use(`${one.id.slice(0, -1)}_`)).toBeUndefined();
    expect(new Set([one.id, other.id, one.session.csrf, other.session.csrf]).size).toBe(4);
  });

  it('end with the JWT that opened them', () => {
    const time = new FakeTime(START);
    const sessions = new Sessions(time);
    const { id } = sessions.open(named('a', { until: Date.parse(START) + 60_000 }));
    time.pass(59_000);
    expect(sessions.use(id)).toBeDefined();
    time.pass(1_000);
    expect(sessions.use(id)).toBeUndefined();
  });

  it('of one principal push out its own oldest, not those of others', () => {
    const sessions = new Sessions(new FakeTime(START));
    const other = sessions.open(named('other'));
    const own = Array.from({ length: 21 }, () => sessions.open(named('own')));
    expect(sessions.size).toBe(21);
    expect(sessions.use(other.id)).toBeDefined();
    expect(own.map(({ id }) => sessions.use(id) !== undefined).indexOf(true)).toBe(1);
  });

  it('are bounded: the least used gives way', () => {
    const sessions = new Sessions(new FakeTime(START), 3);
    const [first, second, third] = ['a', 'b', 'c'].map((name) => sessions.open(named(name)));
    sessions.use(first?.id ?? '');
    sessions.open(named('d'));
    expect([first, second, third].map((opened) => sessions.use(opened?.id ?? '') !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('that are over make room first', () => {
    const time = new FakeTime(START);
    const sessions = new Sessions(time, 2);
    sessions.open(named('a'));
    time.pass(31 * 60_000);
    const { id } = sessions.open(named('b'));
    sessions.open(named('c'));
    expect(sessions.use(id)).toBeDefined();
  });
});
