import { afterEach, describe, expect, it, vi } from 'vitest';
import type { TrustChange } from '../../../src/platform/clock.js';
import { SAMPLE_EVERY_MS, SAMPLE_MAX_AGE_MS, storeClock } from '../../../src/platform/store-clock.js';
import { FakeTime } from '../../support/fake-time.js';

const START = Date.parse('2026-11-01T09:00:00Z');

/** A store whose clock differs from this machine's by `skewMs`, and answers after `roundTripMs`. */
function setUp(skewMs = 0) {
  const time = new FakeTime('2026-11-01T09:00:00Z');
  const store = { skewMs, roundTripMs: 0, answerMs: 0, answers: true, asked: 0 };
  const changes: TrustChange[] = [];
  const clock = storeClock({
    maxSkewMs: 2_000,
    sources: time,
    onTrustChange: (change) => changes.push(change),
    sample: async () => {
      store.asked += 1;
      time.pass(store.roundTripMs);
      if (!store.answers) throw new Error('no route to host');
      const told = time.wall() + store.skewMs;
      time.pass(store.answerMs);
      // As the stores do: half of what the whole round took.
      return told + (store.roundTripMs + store.answerMs) / 2;
    },
  });
  return { time, store, clock, changes };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the clock of a shared store', () => {
  it('trusts nothing before the first sample', async () => {
    const { clock, changes } = setUp();
    expect(clock.read()).toEqual({
      now: 0,
      trusted: false,
      distrust: 'The store has not told its time yet.',
    });
    await clock.resample();
    expect(clock.read()).toEqual({ now: START, trusted: true });
    expect(changes).toEqual([]);
  });

  it("says how far this machine's clock is from the store's", async () => {
    const { clock, time } = setUp(-1_500);
    expect(clock.skewMs()).toBeUndefined();
    await clock.resample();
    time.pass(10_000);
    expect(clock.skewMs()).toBe(1_500);
  });

  it.each([
    ['ahead within the limit', 2_000, true],
    ['behind within the limit', -2_000, true],
    ['ahead beyond it', 2_001, false],
    ['behind beyond it', -2_001, false],
  ])("a store's clock that is %s", async (_name, skewMs, trusted) => {
    const { clock } = setUp(skewMs);
    await clock.resample();
    expect(clock.read().trusted).toBe(trusted);
    expect(clock.read().now).toBe(trusted ? START + skewMs : 0);
  });

  it('carries a sample forward by the monotonic clock', async () => {
    const { clock, time } = setUp(1_500);
    await clock.resample();
    time.pass(60_000);
    expect(clock.read()).toEqual({ now: START + 61_500, trusted: true });
  });

  it('stays at the last trusted moment when the wall clock steps, and recovers with it', async () => {
    const { clock, time, changes } = setUp();
    await clock.resample();
    time.pass(1_000);
    clock.read();
    time.step(3_600_000);
    time.pass(1_000);
    expect(clock.read()).toMatchObject({ now: START + 1_000, trusted: false });
    time.step(-3_600_000);
    expect(clock.read()).toEqual({ now: START + 2_000, trusted: true });
    expect(changes.map(({ trusted }) => trusted)).toEqual([false, true]);
    expect(changes[0]?.message).toContain('+3600.0 s');
  });

  it('distrusts after sleep until the store is asked again', async () => {
    const { clock, time } = setUp();
    await clock.resample();
    time.step(8 * 3_600_000);
    expect(clock.read().trusted).toBe(false);
    await clock.resample();
    expect(clock.read()).toEqual({ now: START + 8 * 3_600_000, trusted: true });
  });

  it('distrusts a single wrong sample', async () => {
    const { clock, store } = setUp();
    await clock.resample();
    store.skewMs = 31 * 24 * 3_600_000;
    await clock.resample();
    expect(clock.read().trusted).toBe(false);
    store.skewMs = 0;
    await clock.resample();
    expect(clock.read().trusted).toBe(true);
  });

  it('lives without the store for five minutes, no longer', async () => {
    const { clock, store, time } = setUp();
    await clock.resample();
    store.answers = false;
    time.pass(SAMPLE_MAX_AGE_MS);
    await clock.resample();
    expect(clock.read().trusted).toBe(true);
    time.pass(1);
    expect(clock.read()).toMatchObject({ now: START + SAMPLE_MAX_AGE_MS, trusted: false });
  });

  it('does not use a sample that was long under way', async () => {
    const { clock, store } = setUp();
    store.roundTripMs = 2_001;
    await clock.resample();
    expect(clock.read().trusted).toBe(false);
    store.roundTripMs = 2_000;
    await clock.resample();
    expect(clock.read().trusted).toBe(true);
  });

  it.each([
    ['the question', { roundTripMs: 1_900, answerMs: 0 }],
    ['the answer', { roundTripMs: 0, answerMs: 1_900 }],
  ])('is not moved by a sample of which %s was slow: a lease would end early', async (_, slow) => {
    const { clock, store, time } = setUp();
    await clock.resample();
    for (let sample = 0; sample < 10; sample += 1) {
      time.pass(SAMPLE_EVERY_MS);
      Object.assign(store, slow);
      await clock.resample();
      expect(clock.read()).toEqual({ now: time.wall(), trusted: true });
    }
  });

  it('is kept alive by slow samples that agree, and corrected by the next fast one', async () => {
    const { clock, store, time } = setUp();
    store.roundTripMs = 1_000;
    await clock.resample();
    expect(clock.read().now).toBe(time.wall() + 500);
    for (let age = 0; age < 2 * SAMPLE_MAX_AGE_MS; age += SAMPLE_EVERY_MS) {
      time.pass(SAMPLE_EVERY_MS);
      await clock.resample();
    }
    expect(clock.read().trusted).toBe(true);
    store.roundTripMs = 0;
    await clock.resample();
    expect(clock.read().now).toBe(time.wall());
  });

  it('follows a store whose time was set, as soon as a sample contradicts what was carried forward', async () => {
    const { clock, store, time } = setUp();
    await clock.resample();
    time.pass(SAMPLE_EVERY_MS);
    store.skewMs = 1_200;
    store.roundTripMs = 200;
    await clock.resample();
    expect(clock.read().now).toBe(time.wall() + 1_300);
  });

  it('asks the store again when an operator accepts the time', async () => {
    const { clock, store } = setUp();
    await clock.resample();
    clock.acceptStep();
    expect(store.asked).toBe(2);
    clock.acceptStep();
    expect(store.asked).toBe(2);
  });

  it('asks every few seconds from start to stop', async () => {
    vi.useFakeTimers();
    const { clock, store } = setUp();
    await clock.start();
    expect(store.asked).toBe(1);
    await vi.advanceTimersByTimeAsync(3 * SAMPLE_EVERY_MS);
    expect(store.asked).toBe(4);
    clock.stop();
    await vi.advanceTimersByTimeAsync(3 * SAMPLE_EVERY_MS);
    expect(store.asked).toBe(4);
  });
});
