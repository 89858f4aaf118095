import { describe, expect, it } from 'vitest';
import { ExpiryQueue } from '../../../../src/domain/ledger/expiry-queue.js';
import { Slots, unspent } from '../../../../src/domain/ledger/slots.js';
import type { StoredLease } from '../../../../src/domain/model/state.js';
import { randomFrom, testSeed } from '../../../support/seed.js';

const HOUR = 3_600_000;
const DAYS = ['2026-11-30', '2026-12-01'];

function lease(fence: number, random: () => number): StoredLease {
  const hour = Math.floor(random() * 6);
  return {
    leaseId: `anthropic:1:${fence}:n`,
    fence,
    aiId: `ai-${Math.floor(random() * 4)}`,
    requestId: `r${fence}`,
    fingerprint: '',
    reserved: Math.floor(random() * 1_000),
    used: 0,
    roundedUp: 0,
    grantedAt: 0,
    expiresAt: Math.floor(random() * 500),
    renewableUntil: 0,
    ttlMs: 0,
    // In one hour of them another zone came, and with it another day.
    day: DAYS[hour < 3 || (hour === 3 && random() < 0.5) ? 0 : 1] as string,
    hourStart: hour * HOUR,
  };
}

describe('the indexes of live leases', () => {
  const seed = testSeed('slots');
  it(`say what counting all leases would say (seed ${seed})`, () => {
    const random = randomFrom(seed);
    const slots = new Slots();
    const live = new Map<number, StoredLease>();
    for (let fence = 1; fence <= 2_000; fence += 1) {
      const known = [...live.values()][Math.floor(random() * live.size)];
      if (known === undefined || random() < 0.45) {
        const granted = lease(fence, random);
        live.set(fence, granted);
        slots.replace(undefined, granted);
      } else if (random() < 0.5) {
        const used = known.used + Math.floor(random() * 400);
        const changed = { ...known, used, expiresAt: Math.floor(random() * 500) };
        live.set(known.fence, changed);
        slots.replace(known, changed);
      } else {
        live.delete(known.fence);
        slots.replace(known, undefined);
      }
      compare(slots, [...live.values()]);
    }
  });
});

describe('the slots of many AIs', () => {
  it('are counted while each comes, holds up to two, and goes', () => {
    const slots = new Slots();
    // Many more come and go than hold a slot at a time, and each comes back once.
    const ais = Array.from({ length: 300 }, (_, ai) => `ai-${ai}`);
    const granted = [...ais, ...ais].flatMap((aiId, at) =>
      [2 * at, 2 * at + 1].map((fence) => ({ ...lease(fence, () => 0.5), aiId })),
    );
    const wrong: string[] = [];
    for (const [at, one] of granted.entries()) {
      slots.replace(undefined, one);
      const released = granted[at - 3];
      if (released !== undefined) slots.replace(released, undefined);
      const live = granted.slice(Math.max(0, at - 2), at + 1);
      for (const aiId of ais) {
        const own = live.filter((held) => held.aiId === aiId);
        const tokens = own.reduce((sum, held) => sum + unspent(held), 0);
        const same =
          slots.liveOf(aiId) === own.length && slots.reservedOf(aiId, DAYS[1] as string) === tokens;
        if (!same) wrong.push(`${aiId} after ${at + 1} grants`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

function compare(slots: Slots, live: readonly StoredLease[]): void {
  expect(slots.live).toBe(live.length);
  const first = Math.min(...live.map(({ expiresAt }) => expiresAt));
  expect(slots.firstExpiry()?.expiresAt ?? Number.POSITIVE_INFINITY).toBe(first);
  const inOrder = live.map(({ expiresAt }) => expiresAt).sort((a, b) => a - b);
  const own = live.filter(({ aiId }) => aiId === 'ai-0');
  const ownInOrder = own.map(({ expiresAt }) => expiresAt).sort((a, b) => a - b);
  for (const n of [1, 2, Math.ceil(live.length / 2), live.length + 1]) {
    // Twice: the second answer is remembered.
    for (let twice = 0; twice < 2; twice += 1) expect(slots.nthExpiry(n)).toBe(inOrder[n - 1]);
    expect(slots.nthExpiryOf('ai-0', n)).toBe(ownInOrder[n - 1]);
  }
  const ofHolders = live.filter((one) => unspent(one) > 0).map(({ expiresAt }) => expiresAt);
  expect(slots.firstHolder(() => true)?.expiresAt ?? Number.POSITIVE_INFINITY).toBe(Math.min(...ofHolders));
  for (const day of DAYS) {
    const granted = live.filter((one) => one.day === day);
    const held = granted.reduce((sum, one) => sum + unspent(one), 0);
    expect(slots.reserved((hour) => hour.day === day)).toBe(held);
    expect(slots.holdsDay(day)).toBe(granted.length > 0);
    const ofAi = granted.filter(({ aiId }) => aiId === 'ai-0');
    expect(slots.reservedOf('ai-0', day)).toBe(ofAi.reduce((sum, one) => sum + unspent(one), 0));
  }
  expect(slots.liveOf('ai-0')).toBe(own.length);
  expect([...slots.fencesOf('ai-0')].sort()).toEqual(own.map(({ fence }) => fence).sort());
}

describe('the queue of expiries', () => {
  it('skips what was renewed or closed, and forgets it', () => {
    const ends = new Map<number, number>();
    const queue = new ExpiryQueue((fence) => ends.get(fence));
    const end = (fence: number, at: number) => {
      ends.set(fence, at);
      queue.push(fence, at);
    };
    end(1, 10);
    end(2, 20);
    expect(queue.first()).toEqual({ fence: 1, expiresAt: 10 });
    for (let beat = 0; beat < 10_000; beat += 1) {
      end(1, 30 + beat);
      queue.tidy(2);
    }
    expect(queue.first()).toEqual({ fence: 2, expiresAt: 20 });
    ends.delete(2);
    expect(queue.first()).toEqual({ fence: 1, expiresAt: 10_029 });
    ends.delete(1);
    expect(queue.first()).toBeUndefined();
  });
});
