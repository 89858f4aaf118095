import { setTimeout as pause } from 'node:timers/promises';
import type { AcquireAnswer } from '../../end-to-end/support/messages.js';
import { LoadedClients } from '../../support/loaded-client.js';
import { ROOMY_MESSAGE } from '../../support/policies.js';
import type { Service } from '../../support/service.js';

/** Budgets to which, together, everything happens that metrics tell of. */
const POLICIES = {
  busy: { ...ROOMY_MESSAGE, max_concurrent: 5, lease_ttl: { seconds: 60 } },
  observed: { ...ROOMY_MESSAGE, max_concurrent: 1, mode: 'MODE_OBSERVE' },
  'used-up': { ...ROOMY_MESSAGE, monthly_limit: 1_000, emergency_percent: 98 },
} as const;

/** The AI that CONFIG_FILE names under metrics.ai_labels. */
export const NAMED_AI = 'guardian';

/** What a few AIs and an operator do in some seconds. */
export class Workload {
  private readonly clients: LoadedClients;
  private round = 0;

  constructor(private readonly service: Service) {
    this.clients = new LoadedClients(service.grpcAddress);
  }

  async createBudgets(): Promise<void> {
    for (const [budget_id, policy] of Object.entries(POLICIES)) {
      await this.clients.admin('CreateBudget', { budget_id, policy });
    }
  }

  /** Until it is told to stop, so that whoever scrapes sees figures rise. */
  async run(stopped: () => boolean): Promise<void> {
    const watching = this.clients.watch('busy').on('error', () => {});
    watching.resume();
    await this.crash();
    while (!stopped()) {
      this.round += 1;
      await Promise.all([this.work(), this.work(), this.overspend(), this.ask()]);
      await pause(200);
    }
    watching.cancel();
  }

  close(): void {
    this.clients.close();
  }

  /** An AI that never reports, and one that an operator stops. */
  private async crash(): Promise<void> {
    const lease_ttl = { seconds: 1 };
    await this.acquire('busy', 'crashing', { lease_ttl, estimated_tokens: 50 });
    const stuck = await this.acquire('busy', 'stuck', { estimated_tokens: 50 });
    await this.clients.admin('RevokeLease', { lease_id: stuck, reason: 'stuck' });
  }

  private async work(): Promise<void> {
    const request_id = `${this.round}-${Math.random()}`;
    const ai_id = this.round % 2 === 0 ? NAMED_AI : `sandbox-${this.round % 3}`;
    const lease_id = await this.acquire('busy', ai_id, { request_id, estimated_tokens: 100 });
    if (lease_id === undefined) return;
    await this.acquire('busy', ai_id, { request_id, estimated_tokens: 100 });
    // It holds its only slot, so this is refused.
    await this.acquire('busy', ai_id, {});
    await this.clients.call('RenewSlot', { lease_id });
    const usage = (tokens: number) => ({
      usage_id: `${request_id}-${tokens}`,
      tokens: { total_tokens: tokens },
    });
    await this.clients.call('RecordUsage', { lease_id, usage: usage(90) });
    await this.clients.call('RecordUsage', { lease_id, usage: usage(20) });
    await this.clients.call('Release', { lease_id, usage: usage(5) });
    await this.acquire('observed', `observed-${request_id}`, {});
  }

  private async overspend(): Promise<void> {
    const unleased = { budget_id: 'used-up', ai_id: NAMED_AI };
    const usage = { usage_id: `over-${this.round}`, tokens: { total_tokens: 500 } };
    await this.clients.call('RecordUsage', { unleased, usage });
    await this.acquire('used-up', NAMED_AI, {});
  }

  /** A request that is wrong, and one over HTTP. */
  private async ask(): Promise<void> {
    await this.clients.call('GetDistribution', { budget_id: '' }).catch(() => {});
    await fetch(`http://${this.service.httpAddress}/api/token-usage/distribution?budget_id=busy`);
  }

  private async acquire(budget_id: string, ai_id: string, more: object): Promise<string | undefined> {
    const answer = await this.clients.call<AcquireAnswer>('AcquireSlot', { budget_id, ai_id, ...more });
    return answer.granted?.lease.lease_id;
  }
}
