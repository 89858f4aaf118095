import type { Served } from './world.js';

const AT_ONCE = 32;

/** Generous: a row measures what a call costs, not what is refused. */
const ROOMY = {
  monthly_limit: 1_000_000_000_000,
  enforced_percent: 100,
  max_daily_percent: 100,
  max_hourly_percent: 100,
  min_daily_percent: 0,
  emergency_percent: 100,
  pacing: 'PACING_NONE',
  cooldown: { seconds: 0 },
  max_concurrent: 1_000,
  max_lease_duration: { seconds: 86_400 },
};

export type PolicyChange = Partial<Record<keyof typeof ROOMY, unknown>>;

/** Budgets of a row: `name`, or `name-0` to `name-63` where there are several, as the Go driver names them. */
export class Budgets {
  readonly ids: readonly string[];
  #limit = ROOMY.monthly_limit;

  constructor(
    private readonly served: Served,
    readonly name: string,
    readonly count: number,
    private readonly change: PolicyChange = {},
  ) {
    this.ids = count === 1 ? [name] : Array.from({ length: count }, (_, number) => `${name}-${number}`);
  }

  create(): Promise<number> {
    return this.revisions();
  }

  /** Every commit raises the revision of its budget by one, and so does this call, which reads it from the new etag. */
  async revisions(): Promise<number> {
    this.#limit -= 1;
    const policy = { ...ROOMY, ...this.change, monthly_limit: this.#limit };
    let sum = 0;
    await eachOf(this.ids, async (budget_id) => {
      const answer = await this.served.clients.admin<{ budget: { etag: string } }>('UpdateBudget', {
        budget_id,
        policy,
        allow_missing: true,
      });
      sum += Number(answer.budget.etag) - 1;
    });
    return sum;
  }
}

/** Does it for all of them, some at a time. */
export async function eachOf<T>(
  items: readonly T[],
  act: (item: T) => Promise<unknown>,
  atOnce = AT_ONCE,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) await act(items[next++] as T);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
