import { describe, expect, it } from 'vitest';
import type { Denied, Granted } from '../../../../src/domain/model/outcomes.js';
import type { PolicyFields } from '../../../../src/domain/model/policy.js';
import { expectGrantWithinCaps } from '../../../support/book-keeping.js';
import type { TestBudget } from '../../../support/budget.js';
import { counts } from '../../../support/requests.js';
import { randomFrom, testSeed } from '../../../support/seed.js';
import { type Asks, SmallHistory } from '../../../support/small-history.js';

const HISTORIES = 40;
const MOST_RETURNS = 90;
const TO_MEET = ['whole', 'part', 'least', 'caps refuse the least', 'something else refuses', 'expected'];

/** What `at_least_tokens` promises, whatever the policy, the history and the request. */
describe('at least so many tokens', () => {
  const seed = testSeed('asking');

  it(`holds in random histories (seed ${seed})`, { timeout: 600_000 }, () => {
    const met = new Set<string>();
    for (let at = 0; at < HISTORIES; at += 1) {
      try {
        new History(randomFrom(seed + at), met).run();
      } catch (error) {
        throw new Error(`history ${at}, SEED=${seed}: ${error}`, { cause: error });
      }
    }
    // A property that meets none of what it is about shows nothing.
    expect(TO_MEET.filter((what) => !met.has(what))).toEqual([]);
  });
});

class History extends SmallHistory {
  protected ownFields(): PolicyFields {
    return {
      maxRequestTokens: this.pick([0, 0, 0, 3_000]),
      defaultReservation: this.pick([0, 200]),
      tokenWeights: { input: this.pick([100, 20]), output: this.pick([100, 333.3]) },
    };
  }

  protected asks(): Asks {
    const estimatedTokens = this.size();
    return { estimatedTokens, atLeastTokens: 1 + this.below(estimatedTokens) };
  }

  protected check(aiId: string, least: number): void {
    const more = least + this.below(this.pick([1, 50, 5_000]));
    const asks = this.pick<Asks>([{ estimatedTokens: more }, { expected: this.weighing(more) }, {}]);
    if (asks.expected !== undefined) this.met.add('expected');
    const { granted, denied, after } = this.tried(aiId, { ...asks, atLeastTokens: least });
    const whole = this.tried(aiId, asks).granted;
    const alone = this.tried(aiId, { estimatedTokens: least });
    if (whole !== undefined && granted !== undefined && whole.lease.reservedTokens >= least) {
      this.met.add('whole');
      expect(granted.lease.reservedTokens, 'what is there is given whole').toBe(whole.lease.reservedTokens);
    }
    if (granted !== undefined) this.checkGrant(granted, least, after, aiId);
    if (denied !== undefined) this.checkDenial(denied, { aiId, ...asks, atLeastTokens: least });
    if (alone.granted !== undefined && this.budget.state.policy.maxRequestTokens === 0)
      expect(granted, `${least} alone would be granted`).toBeDefined();
    this.checkGreedy(aiId);
  }

  /** What becomes of a request, without its becoming true. */
  private tried(aiId: string, asks: Asks) {
    const after = this.budget.fork();
    const outcome = after.acquire(aiId, asks);
    return {
      after,
      granted: outcome.kind === 'granted' ? outcome : undefined,
      denied: outcome.kind === 'denied' ? outcome : undefined,
    };
  }

  private checkGrant(
    { lease, availableTokens }: Granted,
    least: number,
    after: TestBudget,
    aiId: string,
  ): void {
    const { minEstimate } = this.budget.state.policy;
    expect(lease.reservedTokens, 'never below the least').toBeGreaterThanOrEqual(
      Math.max(least, minEstimate),
    );
    expectGrantWithinCaps(after.state, aiId);
    const peek = after.do<'availability'>({ kind: 'get-availability', aiId });
    expect(availableTokens, 'what is left').toBe(peek.availableTokens);
    this.met.add(lease.reservedTokens === least ? 'least' : 'part');
  }

  /** It is what a request for the least alone is told, if nothing but caps refuses it; and the times to come back are true. */
  private checkDenial({ denial }: Denied, request: Asks & { readonly aiId: string }): void {
    const { aiId, atLeastTokens = 0 } = request;
    if (!denial.blockers.every(({ rule }) => rule.endsWith('_CAP'))) {
      this.met.add('something else refuses');
      return;
    }
    this.met.add('caps refuse the least');
    expect(denial).toEqual(this.tried(aiId, { estimatedTokens: atLeastTokens }).denied?.denial);
    const later = this.budget.fork();
    let told: typeof denial | undefined = denial;
    for (let returns = 0; told !== undefined && !told.permanent; returns += 1) {
      expect(told.availableAt, JSON.stringify(told.blockers)).toBeGreaterThan(later.now);
      expect(returns, 'times to come back').toBeLessThan(MOST_RETURNS);
      later.now = told.availableAt ?? later.now;
      told = later.do<'availability'>({ kind: 'get-availability', ...request }).denial;
    }
  }

  /** Whoever asks for all there could ever be takes an equal part of what is left, and no more. */
  private checkGreedy(aiId: string): void {
    const { policy, slots } = this.budget.state;
    const room = this.budget.do<'availability'>({ kind: 'get-availability', aiId }).availableTokens;
    const most = Math.max(
      policy.minEstimate,
      Math.ceil(room / Math.max(1, policy.maxConcurrent - slots.live)),
    );
    const { granted } = this.tried(aiId, { estimatedTokens: 1e12, atLeastTokens: 1 });
    if (granted !== undefined) expect(granted.lease.reservedTokens, 'of the greedy').toBe(most);
  }

  /** Counts that weigh at least so much. */
  private weighing(tokens: number): NonNullable<Asks['expected']> {
    const { input } = this.budget.state.policy.tokenWeights;
    return counts({ input: Math.ceil((tokens * 100) / input), output: this.below(50) });
  }
}
