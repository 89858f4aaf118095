import { DenialMemory } from '../../src/arbiter/denial-memory.js';
import { hourOf } from '../../src/domain/denials/denials.js';
import type { DenialWrite } from '../../src/domain/denials/records.js';
import type { OutcomeOf } from '../../src/domain/model/outcomes.js';
import type { AcquireRequest, BudgetRequest, LeaseRef } from '../../src/domain/model/requests.js';
import type { Denial, UsageReport } from '../../src/domain/model/types.js';
import type { VirtualBudget } from '../../src/replay/virtual-budget.js';
import type { Call } from './demand.js';

/** What is asked for without an idea of what will be spent. */
const SPARE = 1.15;

/** What happens at a moment, before anything else is done at it. */
export interface Scheduled {
  readonly at: number;
  readonly act: (player: Player, at: number) => Promise<unknown>;
}

/** Asks and reports as the AIs of a budget would. */
export class Player {
  granted = 0;
  denied = 0;
  private made = 0;
  /** Counts as a replica does. Its name has a `-`, as those of replicas have. */
  private readonly memory: DenialMemory;
  private readonly counted: DenialWrite[] = [];
  private hour = 0;
  /** Still to come, the earliest first. */
  private readonly releases: {
    readonly at: number;
    readonly lease: LeaseRef;
    readonly usage: UsageReport;
  }[] = [];

  constructor(private readonly budget: VirtualBudget) {
    this.memory = new DenialMemory(budget.budgetId, 'sample-data', () => undefined);
  }

  async play(call: Call): Promise<void> {
    const { at, aiId, amount } = call;
    if (call.kind === 'UNLEASED') return this.report(call);
    const lease = await this.acquire(at, aiId, {
      model: call.model,
      estimatedTokens: Math.ceil(amount * SPARE),
    });
    if (lease === undefined || call.kind === 'CRASH') return;
    const secondsLong = 2 + (amount % 40);
    this.releases.push({ at: at + secondsLong * 1_000, lease, usage: this.usageOf(call) });
    this.releases.sort((a, b) => a.at - b.at);
  }

  /** What is given back up to then. */
  async releaseUntil(at: number): Promise<void> {
    for (let next = this.releases[0]; next !== undefined && next.at <= at; next = this.releases[0]) {
      this.releases.shift();
      const { lease, usage } = next;
      await this.budget.decide({ kind: 'release', lease, usage }, next.at);
    }
  }

  /** Everything in the order of its moments: a budget's clock does not go back. */
  private async decide<R extends BudgetRequest>(request: R, at: number): Promise<OutcomeOf[R['kind']]> {
    await this.releaseUntil(at);
    return this.budget.decide(request, at);
  }

  /** Undefined: it was refused. */
  async acquire(at: number, aiId: string, asked: Partial<AcquireRequest>): Promise<LeaseRef | undefined> {
    const ids = {
      requestId: this.newId('request'),
      requestIdMade: true,
      fingerprint: '',
      nonce: this.newId('n'),
    };
    const outcome = await this.decide({ kind: 'acquire', aiId, ...ids, ...asked }, at);
    if (outcome.kind === 'denied') {
      this.denied += 1;
      this.note(aiId, outcome.denial, at, false);
      return undefined;
    }
    if (outcome.kind !== 'granted') throw new Error(`${aiId}: ${JSON.stringify(outcome)}`);
    this.granted += 1;
    if (outcome.wouldDeny !== undefined) this.note(aiId, outcome.wouldDeny, at, true);
    const { leaseId, fence } = outcome.lease;
    return { leaseId, fence, budgetId: this.budget.budgetId, epoch: this.budget.ledger.epoch };
  }

  async report(call: Omit<Call, 'kind' | 'amount'>): Promise<void> {
    const usage = { ...this.usageOf(call), usageId: this.newId('usage') };
    await this.decide({ kind: 'record-unleased', aiId: call.aiId, usage }, call.at);
  }

  /** Of an operator. */
  async operate(request: BudgetRequest, at: number): Promise<void> {
    const outcome = await this.decide(request, at);
    if (outcome.kind === 'refused') throw new Error(`${request.kind}: ${JSON.stringify(outcome)}`);
  }

  /** The hour's cap as it stands. */
  async hourCap(at: number): Promise<number> {
    const outcome = await this.decide({ kind: 'get-snapshot' }, at);
    if (outcome.kind === 'refused') return 0;
    return outcome.snapshot.windows.find(({ kind }) => kind === 'HOUR')?.cap ?? 0;
  }

  /** Who was refused, as a replica writes it down: each hour once it is over, and the last. */
  denials(): readonly DenialWrite[] {
    this.takeDenials(this.budget.ledger.clock);
    return this.counted;
  }

  private note(aiId: string, denial: Denial, at: number, wouldDeny: boolean): void {
    if (hourOf(at) !== this.hour) this.takeDenials(at);
    this.hour = hourOf(at);
    this.memory.ofEpoch(this.budget.ledger.epoch);
    const isKnown = (known: string) => this.budget.ledger.tables.ais.get(known) !== undefined;
    this.memory.note(aiId, denial, at, { wouldDeny, isKnown });
  }

  private takeDenials(at: number): void {
    this.counted.push(...this.memory.takeWrites(at, true));
    this.memory.settle(at);
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
