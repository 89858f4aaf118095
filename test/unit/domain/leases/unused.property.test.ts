import { describe, expect, it } from 'vitest';
import type { LeaseRef } from '../../../../src/domain/model/requests.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { Chance } from '../../../support/chance.js';
import { refOf } from '../../../support/requests.js';
import { randomFrom, testSeed } from '../../../support/seed.js';

const HISTORIES = 60;
const STEPS = 120;
const TO_MEET = [
  'given back',
  'kept: not the first within a cooldown',
  'kept: renewed',
  'kept: too old',
  'put back',
];

/** Slots are given back unused, one way or another: when their AI may ask again is known by books of its own. */
describe('the cooldown of an AI that gives slots back unused', () => {
  const seed = testSeed('unused');

  it(`runs from its grant before, once within a cooldown, in random histories (seed ${seed})`, () => {
    const met = new Set<string>();
    for (let at = 0; at < HISTORIES; at += 1) {
      try {
        new History(randomFrom(seed + at), met).run();
      } catch (error) {
        throw new Error(`history ${at}, SEED=${seed}: ${error}`, { cause: error });
      }
    }
    expect(TO_MEET.filter((what) => !met.has(what))).toEqual([]);
  });
});

interface Slot {
  readonly lease: LeaseRef;
  readonly at: number;
  readonly reserved: number;
  /** When its AI was granted one before. */
  readonly before: number;
  renewed: boolean;
  used: number;
  end: 'live' | 'released' | 'unused';
}

class History extends Chance {
  private readonly cooldownMs = this.pick([10_000, 40_000]);
  private readonly budget = new TestBudget({ ...ROOMY, cooldownMs: this.cooldownMs, leaseTtlMs: 3_600_000 });
  private readonly slots: Slot[] = [];
  private coolsFrom = Number.NEGATIVE_INFINITY;
  private unusedAt = Number.NEGATIVE_INFINITY;

  constructor(
    random: () => number,
    private readonly met: Set<string>,
  ) {
    super(random);
  }

  run(): void {
    for (let step = 0; step < STEPS; step += 1) {
      const { budget } = this;
      budget.pass(this.pick([0, 1_000, 5_000, 9_000, 31_000]));
      const slot = this.random() < 0.6 ? this.slots.at(-1) : this.slots.at(this.below(this.slots.length));
      const kind = this.below(10);
      if (kind < 4) this.ask();
      else if (kind < 7 && slot !== undefined) this.giveBack(slot);
      else if (kind === 7 && slot !== undefined) this.renew(slot);
      else if (kind === 8 && slot !== undefined) this.report(slot);
      else if (this.random() < 0.5) budget.writeOut();
      else budget.reload();
    }
  }

  private ask(): void {
    const { budget } = this;
    const estimatedTokens = 1 + this.below(500);
    const outcome = budget.acquire('a', { estimatedTokens });
    const mayAsk = budget.now >= this.coolsFrom + this.cooldownMs;
    expect(outcome.kind, `at ${budget.now}, cools from ${this.coolsFrom}`).toBe(
      mayAsk ? 'granted' : 'denied',
    );
    if (outcome.kind !== 'granted') return;
    const before = this.slots.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
    const known = { at: budget.now, before, reserved: estimatedTokens, renewed: false, used: 0 };
    this.slots.push({ lease: refOf(outcome), ...known, end: 'live' });
    this.coolsFrom = budget.now;
  }

  private giveBack(slot: Slot): void {
    const { budget } = this;
    const spent = budget.window('DAY').spent;
    const unreported = this.random() < 0.8 ? ('UNUSED' as const) : undefined;
    const outcome = budget.do({ kind: 'release', lease: slot.lease, ...(unreported && { unreported }) });
    if (outcome.kind !== 'released' || outcome.replayed || slot.end !== 'live') return;
    expect(outcome.freedTokens, 'freed').toBe(Math.max(0, slot.reserved - slot.used));
    expect(budget.window('DAY')).toMatchObject({ spent, reserved: this.held() - slot.reserved + slot.used });
    slot.end = unreported === undefined ? 'released' : 'unused';
    if (unreported === undefined) return;
    expect(slot.used, 'what is unused has used').toBe(0);
    const why = this.whyKept(slot);
    this.met.add(why === undefined ? 'given back' : `kept: ${why}`);
    if (why === undefined) this.coolsFrom = slot.before;
    this.unusedAt = budget.now;
  }

  private whyKept(slot: Slot): string | undefined {
    const { now } = this.budget;
    if (slot !== this.slots.at(-1)) return 'another was granted since';
    if (slot.renewed) return 'renewed';
    if (now - slot.at >= 30_000) return 'too old';
    return now - this.unusedAt < this.cooldownMs ? 'not the first within a cooldown' : undefined;
  }

  private held(): number {
    const live = this.slots.filter(({ end }) => end === 'live');
    return live.reduce((sum, { reserved, used }) => sum + reserved - used, 0);
  }

  private renew(slot: Slot): void {
    if (this.budget.do({ kind: 'renew', lease: slot.lease }).kind === 'renewed') slot.renewed = true;
  }

  private report(slot: Slot): void {
    const tokens = Math.min(this.below(3) * 50, slot.reserved - slot.used);
    this.budget.record(slot.lease, tokens);
    slot.used += tokens;
    if (slot.end !== 'unused' || slot !== this.slots.at(-1)) return;
    this.coolsFrom = slot.at;
    this.met.add('put back');
  }
}
