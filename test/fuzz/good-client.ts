import { LoadedClients } from '../support/loaded-client.js';

const BUDGET = 'steady';
const TOKENS = 7;
const PAUSE_MS = 10;

/** A client that works on its own budget all the while, and checks every answer. */
export class GoodClient {
  private readonly clients: LoadedClients;
  private stopped = false;
  private work: Promise<void> | undefined;
  rounds = 0;
  slowestMs = 0;

  constructor(address: string) {
    this.clients = new LoadedClients(address);
  }

  async start(): Promise<void> {
    const percents = {
      enforced_percent: 100,
      max_daily_percent: 100,
      max_hourly_percent: 100,
      min_daily_percent: 0,
    };
    const policy = {
      monthly_limit: 1e9,
      ...percents,
      cooldown: { seconds: 0, nanos: 0 },
      emergency_percent: 100,
    };
    await this.clients.admin('CreateBudget', { budget_id: BUDGET, policy });
    this.work = this.run();
    // Told by `stop`, which awaits it.
    this.work.catch(() => {});
  }

  /** Throws if an answer was wrong, or late, or the books do not balance. */
  async stop(): Promise<void> {
    this.stopped = true;
    try {
      await this.work;
      const { distribution_stats: stats } = await this.clients.call<{
        distribution_stats: { monthly_distribution: { total_tokens: number } };
      }>('GetDistribution', { budget_id: BUDGET });
      const total = stats.monthly_distribution.total_tokens;
      if (total !== TOKENS * this.rounds)
        throw new Error(`${total} tokens are booked, not ${TOKENS * this.rounds}`);
    } finally {
      this.clients.close();
    }
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const started = performance.now();
      await this.round();
      this.rounds += 1;
      this.slowestMs = Math.max(this.slowestMs, performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  private async round(): Promise<void> {
    const id = `r-${this.rounds}`;
    const { granted } = await this.clients.call<{ granted?: { lease: { lease_id: string } } }>(
      'AcquireSlot',
      {
        budget_id: BUDGET,
        ai_id: 'good',
        request_id: id,
        estimated_tokens: 100,
      },
    );
    if (!granted) throw new Error(`round ${id}: denied`);
    const lease = { lease_id: granted.lease.lease_id };
    const usage = { usage_id: id, tokens: { total_tokens: TOKENS } };
    const { charged_tokens } = await this.clients.call<{ charged_tokens: number }>('RecordUsage', {
      ...lease,
      usage,
    });
    if (charged_tokens !== TOKENS) throw new Error(`round ${id}: charged ${charged_tokens}`);
    const { freed_tokens } = await this.clients.call<{ freed_tokens: number }>('Release', lease);
    if (freed_tokens !== 100 - TOKENS) throw new Error(`round ${id}: freed ${freed_tokens}`);
  }
}
