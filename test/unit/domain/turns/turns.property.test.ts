import { describe, expect, it } from 'vitest';
import type { Flow } from '../../../../src/domain/turns/flow.js';
import { randomFrom, testSeed } from '../../../support/seed.js';
import { alone, type Call, TurnLine, teams } from '../../../support/turn-line.js';

const HISTORIES = 300;
const STEPS = 400;
const AIS = ['x/1', 'x/2', 'x/3', 'y/1', 'z/1', 'z/2', 'n1', 'n2'];
/** Tags are cut to a millionth of a token. */
const CUT = 0.001;

/** What turns promise, whoever is greedy, lies in its estimates or can not be admitted for a while. */
describe('turns', () => {
  const seed = testSeed('turns');

  it(`pass nobody over for more than its promise says (seed ${seed})`, () => {
    let most = 0;
    for (let at = 0; at < HISTORIES; at += 1) {
      const history = new History(randomFrom(seed + at));
      history.run();
      expect(history.violations, `history ${at}, SEED=${seed}`).toEqual([]);
      most = Math.max(most, history.closest);
    }
    // A bound that nobody comes near shows nothing.
    expect(most).toBeGreaterThan(0.9);
  });

  it(`give flows that keep asking tokens as their weights (seed ${seed})`, () => {
    for (let at = 0; at < HISTORIES; at += 1) {
      const wrong = new Backlog(randomFrom(seed + at)).run();
      expect(wrong, `history ${at}, SEED=${seed}`).toEqual([]);
    }
  });
});

/** Everybody asks all the time; what each request takes and spends differs. */
class Backlog {
  private readonly line: TurnLine;
  /** By flow: over its weight, what it got, and the most that one request of it spent. */
  private readonly got = new Map<string, { tokens: number; most: number }>();

  constructor(private readonly random: () => number) {
    const [x, y, z, n1] = [this.weight(), this.weight(), this.weight(), this.weight()];
    this.line = new TurnLine(this.random() < 0.5 ? teams({ x, y, z }) : alone({ 'x/1': x, 'y/1': y, n1 }));
    for (const aiId of AIS) this.count(aiId, 0, true);
  }

  private weight(): number {
    return this.pick([1, 1, 2, 3, 0.5, 7.25]);
  }

  private pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)] as T;
  }

  run(): string[] {
    const { line } = this;
    const from = this.pick([0, 100]);
    for (let step = 0; step < STEPS; step += 1) {
      const [next] = line.order(AIS.map((aiId, at) => ({ aiId, order: step * AIS.length + at, tokens: 1 })));
      if (next === undefined) break;
      const tokens = this.pick([1, 10, 100, 1_000]);
      const used = this.pick([tokens, 0, Math.ceil(tokens / 3), tokens * 5]);
      line.end(next.aiId, line.grant(next.aiId, tokens), tokens, used);
      line.turns.keep();
      this.count(next.aiId, used, step >= from);
    }
    return this.unequal();
  }

  private count(aiId: string, used: number, counts: boolean): void {
    const { id, weight } = this.line.flowOf(aiId);
    const { tokens = 0, most = 0 } = this.got.get(id) ?? {};
    const cost = used / weight;
    this.got.set(id, { tokens: tokens + (counts ? cost : 0), most: Math.max(most, cost) });
  }

  /** Of two flows, neither is ahead by more than a request of each. */
  private unequal(): string[] {
    const wrong: string[] = [];
    for (const [one, { tokens, most }] of this.got) {
      for (const [other, than] of this.got) {
        if (tokens - than.tokens > most + than.most + CUT)
          wrong.push(`${one} got ${tokens} over its weight, and ${other} ${than.tokens}`);
      }
    }
    return wrong;
  }
}

/** What one that waits has been passed over by, since it could be admitted. */
interface Patience {
  readonly ownCost: number;
  /** By flow, what it spent meanwhile, its last request aside; and that one. */
  readonly over: Map<string, { before: number; last: number }>;
}

class History {
  readonly violations: string[] = [];
  /** Of what the promise allows, the most that came true. */
  closest = 0;
  private readonly line: TurnLine;
  private readonly waiting: Call[] = [];
  private barred = new Set<string>();
  private order = 0;
  private readonly lastCost = new Map<string, number>();
  private readonly patience = new Map<string, Patience>();

  constructor(private readonly random: () => number) {
    const weight = () => this.pick([1, 1, 2, 3, 0.01, 0.5, 7.25, 100]);
    const weights = { x: weight(), y: weight(), z: weight() };
    const alike = { ...weights, 'x/1': weight(), 'y/1': weight(), n1: weight() };
    this.line = new TurnLine(this.pick([teams(weights), alone(alike)]));
  }

  private pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)] as T;
  }

  run(): void {
    for (let step = 0; step < STEPS && this.violations.length === 0; step += 1) {
      if (this.random() < 0.02) this.barred = new Set(AIS.filter(() => this.random() < 0.3));
      for (const aiId of AIS) if (this.random() < 0.6) this.ask(aiId);
      this.serveNext();
    }
  }

  private ask(aiId: string): void {
    if (this.waiting.filter((call) => call.aiId === aiId).length > 2) return;
    this.order += 1;
    const tokens = this.pick([1, 10, 100, 100, 1_000, 30_000]);
    this.waiting.push({ aiId, order: this.order, tokens });
  }

  /** One slot: what was granted has ended before the next is chosen. */
  private serveNext(): void {
    const { line, waiting, barred } = this;
    const contest = line.contest(waiting);
    let next = contest.next();
    while (next !== undefined && barred.has(next.aiId)) next = contest.next();
    this.noteWhoCould();
    if (next === undefined) return;
    const { aiId, tokens } = next;
    const used = this.pick([tokens, tokens, 0, Math.ceil(tokens / 3), tokens * 20]);
    line.end(aiId, line.grant(aiId, tokens), tokens, used);
    line.turns.keep();
    waiting.splice(waiting.indexOf(next), 1);
    const flow = line.flowOf(aiId);
    this.served('flows', flow.id, used, flow.weight);
    if (flow.shared) this.served(`in ${flow.id}`, aiId, used, 1);
  }

  /** Every flow, and every AI in one, of which somebody could have been chosen. */
  private noteWhoCould(): void {
    const there = new Set<string>();
    for (const { aiId } of this.waiting) {
      if (this.barred.has(aiId)) continue;
      const { id, shared }: Flow = this.line.flowOf(aiId);
      there.add(`flows:${id}`);
      if (shared) there.add(`in ${id}:${aiId}`);
    }
    for (const key of this.patience.keys()) if (!there.has(key)) this.patience.delete(key);
    for (const key of there) {
      if (this.patience.has(key)) continue;
      this.patience.set(key, { ownCost: this.lastCost.get(key) ?? 0, over: new Map() });
    }
  }

  private served(level: string, who: string, used: number, weight: number): void {
    const key = `${level}:${who}`;
    this.patience.delete(key);
    this.lastCost.set(key, used);
    for (const [other, { ownCost, over }] of this.patience) {
      if (!other.startsWith(`${level}:`)) continue;
      const otherWeight = level === 'flows' ? this.weightOf(other.slice('flows:'.length)) : 1;
      const { before, last } = over.get(who) ?? { before: 0, last: 0 };
      over.set(who, { before: before + last, last: used });
      const allowed = (weight / otherWeight) * ownCost;
      if (before + last > allowed + CUT)
        this.violations.push(`${other} is passed over by ${key}: ${before + last} of ${allowed}`);
      else if (allowed > 0) this.closest = Math.max(this.closest, (before + last) / allowed);
    }
  }

  private weightOf(flow: string): number {
    const ai = AIS.find((aiId) => this.line.flowOf(aiId).id === flow) ?? '';
    return this.line.flowOf(ai).weight;
  }
}
