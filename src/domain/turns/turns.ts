import type { BudgetEvent } from '../model/events.js';
import { LazyMap } from '../model/lazy-map.js';
import type { LeaseView } from '../model/types.js';
import type { Flow, FlowOf } from './flow.js';
import { Tags } from './tags.js';
import { Trial } from './trial.js';

/** More leases than this are not remembered; a budget has at most 1,000 slots. */
const MOST_SERVED = 2_000;
/** Of shared flows: 64 teams, and those in none. What an older policy had goes first. */
const MOST_SHARED = 65;

/**
 * Whose turn is next among those who wait for a slot of one budget, on one replica: teams by their weights, and in each its AIs alike. A
 * grant, waited for or not, moves its flow's tag by what it reserves, and the end of the lease by what was spent beside that:
 * small estimates win nothing.
 */
export class Turns {
  private readonly trial = new Trial();
  private readonly flows = new Tags(this.trial);
  private readonly within = new LazyMap<string, Tags>();
  /** By fence, what the grant of a live lease moved: a raise reserves more later. */
  private readonly served = new LazyMap<number, number>();

  /** The least is next. */
  startOf({ id }: Flow): bigint {
    return this.flows.startOf(id);
  }

  /** Of one AI in its flow: the least is next. */
  startWithin({ id, shared }: Flow, aiId: string): bigint {
    return (shared && this.within.get(id)?.startOf(aiId)) || 0n;
  }

  /** Stays on trial until it is kept. */
  happened(event: BudgetEvent, flowOf: FlowOf): void {
    switch (event.kind) {
      case 'granted':
        this.serve(event.lease, flowOf(event.lease.aiId));
        break;
      case 'released':
      case 'expired':
      case 'revoked':
        this.correct(event.lease, flowOf(event.lease.aiId));
        break;
      default:
    }
  }

  private serve({ aiId, fence, reservedTokens }: LeaseView, { id, weight, shared }: Flow): void {
    this.served.set(fence, reservedTokens);
    this.trial.moved(() => this.served.delete(fence));
    this.flows.serve(id, reservedTokens, weight);
    if (shared) this.tagsWithin(id).serve(aiId, reservedTokens, 1);
  }

  private correct(lease: LeaseView, { id, weight, shared }: Flow): void {
    const { aiId, fence, reservedTokens, usedTokens, presumedTokens } = lease;
    const served = this.served.get(fence);
    if (served !== undefined) {
      this.served.delete(fence);
      this.trial.moved(() => this.served.set(fence, served));
    }
    const more = usedTokens + presumedTokens - (served ?? reservedTokens);
    if (more === 0) return;
    this.flows.correct(id, more, weight);
    if (shared) this.tagsWithin(id).correct(aiId, more, 1);
  }

  private tagsWithin(flow: string): Tags {
    const found = this.within.get(flow);
    if (found !== undefined) return found;
    const made = new Tags(this.trial);
    this.within.set(flow, made);
    return made;
  }

  /** A commit carries what has moved so far. */
  seal(): void {
    this.trial.seal();
  }

  /** The oldest commit that carries something has won. */
  keep(): void {
    this.trial.keep();
    // The oldest first: another replica has seen its end.
    dropFirst(this.served, MOST_SERVED);
    this.flows.tidy();
    for (const tags of this.within.values()) tags.tidy();
    dropFirst(this.within, MOST_SHARED);
  }

  /** What no commit carries yet never was. */
  rollBackOpen(): void {
    this.trial.rollBackOpen();
  }

  /** A commit was lost, and all that were decided after it. */
  rollBack(): void {
    this.trial.rollBack();
  }
}

function dropFirst(map: Map<unknown, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
