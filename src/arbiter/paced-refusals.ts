import { LazySet } from '../domain/model/lazy-set.js';
import type { MarkRefusedRequest } from '../domain/model/requests.js';

/**
 * Days on which a paced cap refused, until a commit has carried their marks. A denial writes nothing, and a ledger that loses a race
 * is thrown away: so they are kept here, and go with whatever is committed next, be it on a later day.
 */
export class PacedRefusals {
  private readonly days = new LazySet<string>();
  private epoch = 0;

  get size(): number {
    return this.days.size;
  }

  /** Of a denial that was answered. */
  note(epoch: number, day: string): void {
    // A budget that was deleted and begins again has refused nobody.
    if (epoch !== this.epoch) this.days.clear();
    this.epoch = epoch;
    this.days.add(day);
  }

  /** What a commit is to carry; undefined if there is nothing. */
  marks(): MarkRefusedRequest | undefined {
    if (this.days.size === 0) return undefined;
    return { kind: 'mark-refused', epoch: this.epoch, days: [...this.days] };
  }

  /** A commit with these marks has won; or they changed nothing. */
  marked({ epoch, days }: MarkRefusedRequest): void {
    if (epoch !== this.epoch) return;
    for (const day of days) this.days.delete(day);
  }
}
