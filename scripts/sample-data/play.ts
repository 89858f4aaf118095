import type { AcquireRequest, BudgetRequest, LeaseRef } from '../../src/domain/model/requests.js';
import type { UsageReport } from '../../src/domain/model/types.js';
import type { VirtualBudget } from '../../src/replay/virtual-budget.js';
import type { Call } from './demand.js';

/** What is asked for without an idea of what will be spent. */
const SPARE = 1.15;

/** Asks and reports as the AIs of a budget would. */
export class Player {
  granted = 0;
  denied = 0;
  private made = 0;

  constructor(private readonly budget: VirtualBudget) {}

  async play(call: Call): Promise<void> {
    const { at, aiId, amount } = call;
    if (call.kind === 'UNLEASED') return this.report(call);
    const lease = await this.acquire(at, aiId, {
      model: call.model,
      estimatedTokens: Math.ceil(amount * SPARE),
    });
    if (lease === undefined || call.kind === 'CRASH') return;
    const secondsLong = 2 + (amount % 40);
    await this.budget.decide({ kind: 'release', lease, usage: this.usageOf(call) }, at + secondsLong * 1_000);
  }

  /** Undefined: it was refused. */
  async acquire(at: number, aiId: string, asked: Partial<AcquireRequest>): Promise<LeaseRef | undefined> {
    const ids = {
      requestId: this.newId('request'),
      requestIdMade: true,
      fingerprint: '',
      nonce: this.newId('n'),
    };
    const outcome = await this.budget.decide({ kind: 'acquire', aiId, ...ids, ...asked }, at);
    if (outcome.kind !== 'granted') {
      this.denied += 1;
      return undefined;
    }
    this.granted += 1;
    const { leaseId, fence } = outcome.lease;
    return { leaseId, fence, budgetId: this.budget.budgetId, epoch: this.budget.ledger.epoch };
  }

  async report(call: Omit<Call, 'kind' | 'amount'>): Promise<void> {
    const usage = { ...this.usageOf(call), usageId: this.newId('usage') };
    await this.budget.decide({ kind: 'record-unleased', aiId: call.aiId, usage }, call.at);
  }

  /** Of an operator. */
  async operate(request: BudgetRequest, at: number): Promise<void> {
    const outcome = await this.budget.decide(request, at);
    if (outcome.kind === 'refused') throw new Error(`${request.kind}: ${JSON.stringify(outcome)}`);
  }

  /** The hour's cap as it stands. */
  async hourCap(at: number): Promise<number> {
    const outcome = await this.budget.decide({ kind: 'get-snapshot' }, at);
    if (outcome.kind === 'refused') return 0;
    return outcome.snapshot.windows.find(({ kind }) => kind === 'HOUR')?.cap ?? 0;
  }

  newId(of: string): string {
    this.made += 1;
    return `sample-${of}-${this.made}`;
  }

  private usageOf({ model, input, output, failed }: Omit<Call, 'kind' | 'amount'>): UsageReport {
    const tokens = { input, output, cacheRead: 0, cacheWrite: 0, reasoning: 0, total: 0 };
    const told = { requestType: 'chat', failed, errorMessage: failed ? 'overloaded' : '' };
    return { tokens, model, ...told, fingerprint: this.newId('report') };
  }
}
