import { describe, expect, it } from 'vitest';
import { Logins } from '../../../src/access/logins.js';
import type { Principal } from '../../../src/access/principal.js';
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
    const logins = new Logins(new FakeTime(START));
    const [one, other] = [logins.open(named('a')), logins.open(named('a'))];
    expect(logins.use(one.id)?.principal.name).toBe('a');
    expect(logins.use(`${one.id.slice(0, -1)}_`)).toBeUndefined();
    expect(new Set([one.id, other.id, one.login.csrf, other.login.csrf]).size).toBe(4);
  });

  it('end with the JWT that opened them', () => {
    const time = new FakeTime(START);
    const logins = new Logins(time);
    const { id } = logins.open(named('a', { until: Date.parse(START) + 60_000 }));
    time.pass(59_000);
    expect(logins.use(id)).toBeDefined();
    time.pass(1_000);
    expect(logins.use(id)).toBeUndefined();
  });

  it('of one principal push out its own oldest, not those of others', () => {
    const logins = new Logins(new FakeTime(START));
    const other = logins.open(named('other'));
    const own = Array.from({ length: 21 }, () => logins.open(named('own')));
    expect(logins.size).toBe(21);
    expect(logins.use(other.id)).toBeDefined();
    expect(own.map(({ id }) => logins.use(id) !== undefined).indexOf(true)).toBe(1);
  });

  it('are bounded: the least used gives way', () => {
    const logins = new Logins(new FakeTime(START), 3);
    const [first, second, third] = ['a', 'b', 'c'].map((name) => logins.open(named(name)));
    logins.use(first?.id ?? '');
    logins.open(named('d'));
    expect([first, second, third].map((opened) => logins.use(opened?.id ?? '') !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('that are over make room first', () => {
    const time = new FakeTime(START);
    const logins = new Logins(time, 2);
    logins.open(named('a'));
    time.pass(31 * 60_000);
    const { id } = logins.open(named('b'));
    logins.open(named('c'));
    expect(logins.use(id)).toBeDefined();
  });
});
