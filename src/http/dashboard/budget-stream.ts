import { ArbiterError } from '../../arbiter/service-port.js';
import type { EventStream } from './event-stream.js';
import type { LiveBudget } from './live-budget.js';
import type { LiveBudgets } from './live-budgets.js';
import { liveData, type SeenNow } from './live-data.js';
import type { TickData } from './page-data.js';
import type { Visitor } from './visitors.js';

/** Forecasts move by themselves, though nothing is spent. */
const REFRESH_MS = 15_000;

/** Tells a page of one budget what changes; once a second at the least, so that it knows that it is live. */
export class BudgetStream {
  private live: LiveBudget | undefined;
  private toldVersion = '';
  private toldAt = 0;

  constructor(
    private readonly stream: EventStream,
    private readonly visitor: Visitor,
    private readonly budgetId: string,
  ) {}

  async follow(budgets: LiveBudgets): Promise<void> {
    try {
      const { live, leave } = await budgets.follow(this.budgetId, () => this.tell());
      this.live = live;
      this.stream.onGone(leave);
      this.tell();
    } catch (error) {
      if (!(error instanceof ArbiterError)) throw error;
      this.end(error.message);
    }
  }

  private end(message: string): void {
    this.stream.send('problem', { message });
    this.stream.end();
  }

  private tell(): void {
    if (this.live === undefined) return;
    if (!this.visitor.stillIn()) {
      signOut(this.stream);
      return;
    }
    const { seen } = this.live;
    if (this.live.gone) this.end(`There is no budget ${this.budgetId} any more: it was deleted.`);
    else if (seen !== undefined) this.tellSeen(seen);
    else if (this.live.told) this.stream.send('unread', {});
  }

  private tellSeen(seen: SeenNow): void {
    const version = versionOf(seen);
    if (version === this.toldVersion && seen.at - this.toldAt < REFRESH_MS) {
      this.stream.send('tick', { at: seen.at, stale: seen.stale, waiters: seen.waiters } satisfies TickData);
    } else if (this.stream.send('live', liveData(seen, this.visitor.mayOperate(this.budgetId)))) {
      this.toldVersion = version;
      this.toldAt = seen.at;
    }
  }
}

/** Anything that a page shows has changed if this has. */
function versionOf({ snapshot, happenings, denied, stale, headline }: SeenNow): string {
  const denials = denied.reduce((sum, { count }) => sum + count, 0);
  const [latest] = happenings;
  return [snapshot.revision, latest?.at, latest?.kind, latest?.fence, denials, stale, headline?.text].join(
    ' ',
  );
}

export function signOut(stream: EventStream): void {
  stream.send('signed-out', {});
  stream.end();
}
