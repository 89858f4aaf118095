import { StoreError } from '../store.js';

/** Of one message: keeps it far below the server's bound of 48 MB, and short for those who wait behind it. */
const MOST_WEIGHT = 2_000;

/** What one of those who asked together is answered; an error is thrown to it alone. */
export type Answer<A> = A | StoreError;

interface Asked<Q, A> {
  readonly question: Q;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Questions of many budgets in few messages: one is under way at a time, and what is asked meanwhile goes together in the
 * next. What the same turn of the event loop asks goes together, too.
 */
export class Gathering<Q, A> {
  private waiting: Asked<Q, A>[] = [];
  private sending = false;

  constructor(
    private readonly send: (questions: readonly Q[]) => Promise<readonly Answer<A>[]>,
    private readonly weightOf: (question: Q) => number,
    private readonly soon: (task: () => void) => void,
  ) {}

  ask(question: Q): Promise<A> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ question, resolve, reject });
      if (this.sending) return;
      this.sending = true;
      this.soon(() => void this.sendWaiting());
    });
  }

  private async sendWaiting(): Promise<void> {
    await this.sendTogether(this.take());
    if (this.waiting.length > 0) this.soon(() => void this.sendWaiting());
    else this.sending = false;
  }

  private take(): Asked<Q, A>[] {
    let weight = 0;
    const tooMany = this.waiting.findIndex(({ question }, at) => {
      weight += this.weightOf(question);
      return at > 0 && weight > MOST_WEIGHT;
    });
    return this.waiting.splice(0, tooMany === -1 ? this.waiting.length : tooMany);
  }

  private async sendTogether(group: readonly Asked<Q, A>[]): Promise<void> {
    try {
      const answers = await this.send(group.map(({ question }) => question));
      for (const [at, { resolve, reject }] of group.entries()) {
        const answer = answers[at] as Answer<A>;
        if (answer instanceof StoreError) reject(answer);
        else resolve(answer);
      }
    } catch (error) {
      await this.failed(group, error);
    }
  }

  /** A message that the server will never take has a guilty question; the others are innocent, and nothing was applied. */
  private async failed(group: readonly Asked<Q, A>[], error: unknown): Promise<void> {
    const refused = error instanceof StoreError && error.failure === 'refused';
    if (refused && group.length > 1) for (const asked of group) await this.sendTogether([asked]);
    else for (const { reject } of group) reject(error);
  }
}
