import { describe, expect, it } from 'vitest';
import type { TrustChange } from '../../../src/platform/clock.js';
import { embeddedClock } from '../../../src/platform/embedded-clock.js';
import { FakeTime } from '../../support/fake-time.js';

const START = '2026-11-01T09:00:00Z';
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

function setUp() {
  const time = new FakeTime(START);
  const changes: TrustChange[] = [];
  const clock = embeddedClock({
    maxSkewMs: 2_000,
    sources: time,
    onTrustChange: (change) => changes.push(change),
  });
  /** Time passes with a reading every second, as the sweep makes one. */
  const run = (ms: number, driftPpm = 0) => {
    for (let passed = 0; passed < ms; passed += SECOND) {
      time.pass(SECOND, driftPpm);
      clock.read();
    }
  };
  return { time, clock, changes, run };
}

describe('the clock of the embedded store', () => {
  it('follows the wall clock while nothing steps', () => {
    const { time, clock } = setUp();
    time.pass(3 * HOUR);
    expect(clock.read()).toEqual({ now: Date.parse('2026-11-01T12:00:00Z'), trusted: true });
    expect(clock.monotonic()).toBe(time.monotonic());
  });

  it('says how far the wall clock is from where it should be', () => {
    const { time, clock } = setUp();
    expect(clock.skewMs()).toBe(0);
    time.step(90 * MINUTE);
    expect(clock.skewMs()).toBe(90 * MINUTE);
  });

  it.each([
    ['forward within the limit', 2_000, true],
    ['back within the limit', -2_000, true],
    ['forward beyond it', 2_001, false],
    ['back beyond it', -2_001, false],
    ['forward by a month', 30 * 24 * HOUR, false],
    ['asleep for a night', 8 * HOUR, false],
  ])('a step %s', (_name, stepMs, trusted) => {
    const { time, clock } = setUp();
    time.pass(10 * SECOND);
    const before = clock.read().now;
    time.step(stepMs);
    const reading = clock.read();
    expect(reading.trusted).toBe(trusted);
    expect(reading.now).toBe(trusted ? before + stepMs : before);
    expect(reading.distrust === undefined).toBe(trusted);
  });

  it.each([
    ['fast', 500],
    ['slow', -500],
  ])('follows a wall clock that drifts: %s', (_name, driftPpm) => {
    const { clock, changes, time } = setUp();
    for (let hour = 0; hour < 24 * 31; hour += 1) {
      time.pass(HOUR, driftPpm);
      expect(clock.read().trusted).toBe(true);
    }
    expect(changes).toEqual([]);
  });

  it('does not let small steps add up to a large one', () => {
    const { time, clock } = setUp();
    for (let count = 0; count < 3; count += 1) {
      time.pass(SECOND);
      time.step(1_000);
      clock.read();
    }
    expect(clock.read().trusted).toBe(false);
  });

  it.each([
    ['forward', 8 * HOUR],
    ['back', -8 * HOUR],
  ])('believes a step %s once it has held for a minute, and tells it once', (_name, stepMs) => {
    const { time, clock, changes, run } = setUp();
    time.step(stepMs);
    clock.read();
    run(59 * SECOND);
    expect(clock.read().trusted).toBe(false);
    run(SECOND);
    expect(clock.read()).toEqual({ now: Date.parse(START) + stepMs + MINUTE, trusted: true });
    run(10 * SECOND);
    expect(changes.map(({ trusted }) => trusted)).toEqual([false, true]);
    expect(changes[0]?.message).toContain(stepMs > 0 ? '+28800.0 s' : '-28800.0 s');
  });

  it('starts to count again when a second step follows', () => {
    const { time, clock, run, changes } = setUp();
    time.step(HOUR);
    run(50 * SECOND);
    time.step(HOUR);
    run(50 * SECOND);
    expect(clock.read().trusted).toBe(false);
    run(12 * SECOND);
    expect(clock.read().trusted).toBe(true);
    expect(changes).toHaveLength(2);
  });

  it('trusts at once when the wall clock comes back', () => {
    const { time, clock, run, changes } = setUp();
    time.step(HOUR);
    run(5 * SECOND);
    time.step(-HOUR);
    expect(clock.read()).toEqual({ now: Date.parse(START) + 5 * SECOND, trusted: true });
    expect(changes.map(({ trusted }) => trusted)).toEqual([false, true]);
  });

  it('believes a step at once when an operator accepts it', () => {
    const { time, clock, changes } = setUp();
    time.step(-HOUR);
    expect(clock.read().trusted).toBe(false);
    clock.acceptStep();
    expect(clock.read()).toEqual({ now: Date.parse(START) - HOUR, trusted: true });
    expect(changes.map(({ trusted }) => trusted)).toEqual([false, true]);
  });

  it('says nothing when there is no step to accept', () => {
    const { clock, changes } = setUp();
    clock.acceptStep();
    expect(changes).toEqual([]);
  });
});
