import type { BudgetEvent } from '../../src/domain/model/events.js';
import type { LeaseView } from '../../src/domain/model/types.js';
import { Contest } from '../../src/domain/turns/contest.js';
import { type Flow, flowOf } from '../../src/domain/turns/flow.js';
import { Turns } from '../../src/domain/turns/turns.js';

/** A call that waits, as a contest sees it. */
export interface Call {
  readonly aiId: string;
  readonly order: number;
  readonly tokens: number;
}

/** Turns by themselves: who waits is said by the test, and served without a ledger. */
export class TurnLine {
  readonly turns = new Turns();
  private fence = 0;

  constructor(readonly flowOf: (aiId: string) => Flow) {}

  /** Returns the fence of the lease. */
  grant(aiId: string, reservedTokens: number): number {
    this.fence += 1;
    this.tell('granted', { aiId, fence: this.fence, reservedTokens, usedTokens: 0, presumedTokens: 0 });
    return this.fence;
  }

  end(aiId: string, fence: number, reservedTokens: number, usedTokens: number, presumedTokens = 0): void {
    this.tell('released', { aiId, fence, reservedTokens, usedTokens, presumedTokens });
  }

  private tell(kind: 'granted' | 'released', lease: Partial<LeaseView>): void {
    this.turns.happened({ kind, at: 0, lease } as BudgetEvent, this.flowOf);
  }

  /** The order in which they are tried, as long as nobody is granted. */
  order(calls: readonly Call[]): Call[] {
    const contest = this.contest(calls);
    const order: Call[] = [];
    for (let next = contest.next(); next !== undefined; next = contest.next()) order.push(next);
    return order;
  }

  contest(calls: readonly Call[]): Contest<Call> {
    const byAi = new Map<string, { aiId: string; calls: Call[] }>();
    for (const call of [...calls].sort((a, b) => a.order - b.order)) {
      const found = byAi.get(call.aiId);
      if (found === undefined) byAi.set(call.aiId, { aiId: call.aiId, calls: [call] });
      else found.calls.push(call);
    }
    return new Contest(this.turns, this.flowOf, byAi.values(), () => true);
  }
}

/** Every AI is a flow of its own. */
export function alone(weights: Readonly<Record<string, number>> = {}): (aiId: string) => Flow {
  return (aiId) => ({ ...flowOf(new Map(), undefined, aiId), weight: weights[aiId] ?? 1 });
}

/** An AI is called `team/name`; in none, `name`. */
export function teams(weights: Readonly<Record<string, number>>): (aiId: string) => Flow {
  const byId = new Map(Object.entries(weights).map(([id, weight]) => [id, { weight }]));
  return (aiId) => flowOf(byId, aiId.includes('/') ? aiId.split('/')[0] : undefined, aiId);
}
