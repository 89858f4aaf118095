import { describe, expect, it } from 'vitest';
import { NOBODY, Pending } from '../../../src/arbiter/pending.js';
import type { Prospect } from '../../../src/arbiter/prospect.js';
import { WaitingList, waitLeft } from '../../../src/arbiter/waiting-list.js';
import type { BudgetEvent } from '../../../src/domain/model/events.js';
import type { AcquireRequest } from '../../../src/domain/model/requests.js';
import type { Denial } from '../../../src/domain/model/types.js';
import { flowOf } from '../../../src/domain/turns/flow.js';
import { acquire } from '../../support/requests.js';

const WAITERS = 1_000;
const DENIED = { blockers: [] } as unknown as Denial;

/** Many AIs that wait for one slot, the first three not long; and a ledger that is no more than what they look at. */
class Crowd {
  readonly list = new WaitingList();
  now = 0;
  readonly cooling = new Set<string>();
  readonly answered = new Set<string>();
  readonly ledger: { -readonly [K in keyof Prospect]: Prospect[K] } = {
    ...{ ledger: {}, clock: 0, loosened: 1, policyRevision: 1, closed: true },
    coolsUntil: (aiId) => (this.cooling.has(aiId) ? 100_000 : Number.NEGATIVE_INFINITY),
    isAnswered: ({ requestId }) => this.answered.has(requestId),
    flowOf: (aiId) => flowOf(new Map(), undefined, aiId),
  };
  private fence = 0;

  constructor() {
    for (let at = 1; at <= WAITERS; at += 1) this.list.put(pendingOf(at), DENIED);
    this.tried();
  }

  /** Who is tried in one turn; whoever it is gets a slot if one is free. */
  tried(): string[] {
    const tried: string[] = [];
    for (const pending of this.list.turn(this.ledger, this.now)) {
      const { aiId } = pending.request as AcquireRequest;
      tried.push(aiId);
      if (this.ledger.closed) {
        if (waitLeft(pending, this.now) > 0) this.list.put(pending, DENIED);
        else this.list.remove(pending);
        continue;
      }
      this.ledger.closed = true;
      this.fence += 1;
      const lease = { aiId, fence: this.fence, reservedTokens: 100 };
      this.list.happened({ kind: 'granted', at: 0, lease } as BudgetEvent, this.ledger);
      this.list.remove(pending);
    }
    return tried;
  }
}

function pendingOf(nth: number): Pending {
  const waitMs = nth <= 3 ? 1_000 + nth : 60_000;
  const request = acquire(`ai-${nth}`, { requestId: `r-${nth}` });
  return new Pending(request, NOBODY, 0, { resolve: () => {}, reject: () => {} }, waitMs);
}

function loosen(ledger: Crowd['ledger'], more: Partial<Prospect> = {}): void {
  Object.assign(ledger, { loosened: ledger.loosened + 1, ...more });
}

describe('of a thousand that wait there are tried', () => {
  it.each<[string, (crowd: Crowd) => void, string[] | number]>([
    ['none, where nothing has changed', () => {}, []],
    ['none, where no slot is free, whatever else changes', ({ ledger }) => loosen(ledger), []],
    ['one, where one slot has come free', ({ ledger }) => loosen(ledger, { closed: false }), ['ai-1']],
    [
      'the next in turn, where the first cools down',
      ({ cooling, ledger }) => {
        cooling.add('ai-1');
        loosen(ledger, { closed: false });
      },
      ['ai-2'],
    ],
    ['those whose time is over', (crowd) => Object.assign(crowd, { now: 1_003 }), ['ai-1', 'ai-2', 'ai-3']],
    [
      'those whose request another replica has granted',
      ({ answered, ledger }) => {
        answered.add('r-7');
        ledger.ledger = {};
      },
      ['ai-7'],
    ],
    [
      'those who were granted a slot meanwhile by another call, and whose cooldown outlasts them',
      ({ list, cooling }) => {
        cooling.add('ai-5');
        list.granted('ai-5');
      },
      ['ai-5'],
    ],
    ['all, under another policy', ({ ledger }) => Object.assign(ledger, { policyRevision: 2 }), WAITERS],
    ['all, every five seconds', (crowd) => Object.assign(crowd, { now: 5_000 }), WAITERS],
  ])('%s', (_, change, expected) => {
    const crowd = new Crowd();
    change(crowd);
    const tried = crowd.tried();
    expect(typeof expected === 'number' ? tried.length : tried).toEqual(expected);
    expect(crowd.tried()).toEqual([]);
  });

  it('those whom time may have helped, once they were told when', () => {
    const crowd = new Crowd();
    const [pending] = crowd.list.all();
    if (pending !== undefined) crowd.list.put(pending, { ...DENIED, availableAt: 500 });
    expect(crowd.list.nextTurn()).toEqual({ at: 500, answerAt: 1_001 });
    crowd.ledger.closed = false;
    expect(crowd.tried()).toEqual([]);
    crowd.ledger.clock = 500;
    expect(crowd.tried()).toEqual(['ai-1']);
  });
});
