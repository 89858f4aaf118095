import { type Circumstances, decide } from '../../src/domain/decide.js';
import { finish } from '../../src/domain/finish.js';
import { Ledger } from '../../src/domain/ledger/ledger.js';
import type { Outcome } from '../../src/domain/model/outcomes.js';
import type { AcquireRequest, BudgetRequest, LeaseRef } from '../../src/domain/model/requests.js';
import type { Receipt, UsageDay } from '../../src/domain/model/state.js';
import type { LeaseView } from '../../src/domain/model/types.js';
import { usageDayOf } from '../../src/domain/reads.js';
import type { BudgetStore } from '../../src/store/store.js';
import { acquire, leaseOf, usage } from './requests.js';

/** One budget in a real store, without a service around it: every request is decided, committed and looked up as it would. */
export class StoredBudget {
  now = 0;
  private ledger: Ledger;
  private seq = 0;
  private made = 0;

  private constructor(
    readonly store: BudgetStore,
    readonly budgetId: string,
    ledger: Ledger,
  ) {
    this.ledger = ledger;
    this.now = ledger.clock;
  }

  static async open(store: BudgetStore, budgetId: string): Promise<StoredBudget> {
    return new StoredBudget(store, budgetId, Ledger.of(budgetId, await store.load(budgetId)));
  }

  at(moment: string): this {
    this.now = Date.parse(moment);
    return this;
  }

  get state(): Ledger {
    return this.ledger;
  }

  async do<K extends Outcome['kind'] = Outcome['kind']>(
    request: BudgetRequest,
  ): Promise<Extract<Outcome, { kind: K }>> {
    const outcome = await this.decided(request);
    await this.commit();
    return outcome as Extract<Outcome, { kind: K }>;
  }

  private async decided(request: BudgetRequest): Promise<Outcome> {
    const receipts = new Map<string, Receipt | undefined>();
    const days = new Map<string, UsageDay | undefined>();
    const circumstances: Circumstances = { time: this.now, maxSkewMs: 2_000, evidence: { receipts, days } };
    for (;;) {
      const outcome = decide(this.ledger, request, circumstances);
      if (outcome.kind !== 'unknown') return outcome;
      const found = await this.store.findReceipts(this.budgetId, outcome.receiptIds);
      for (const id of outcome.receiptIds) receipts.set(id, found.get(id));
      for (const day of outcome.days) days.set(day, await this.document(day));
      if (outcome.writeOut) await this.writeOut();
    }
  }

  async document(day: string): Promise<UsageDay | undefined> {
    return (await this.store.readDays(this.budgetId, this.ledger.epoch, day, day))[0];
  }

  private async commit(): Promise<void> {
    const { epoch, revision } = (await this.store.version(this.budgetId)) ?? { epoch: 0, revision: 0 };
    const { receiptsInCommit } = this.store;
    const stamp = { copyId: 'one', seq: ++this.seq, sinksFor: () => ['operators'], receiptsInCommit };
    const patch = finish(this.ledger, stamp, true);
    if (patch === undefined) return;
    const expected = revision === 0 ? undefined : { epoch, revision };
    const result = await this.store.commit(this.budgetId, expected, structuredClone(patch));
    if (result !== 'won') throw new Error(`${this.budgetId}: lost`);
  }

  /** Writes receipts and days, and lets the state drop what it may. */
  async writeOut(): Promise<this> {
    const { tables, revision } = this.ledger;
    const receipts = [...tables.outbox.values()];
    if (!this.store.receiptsInCommit) await this.store.writeReceipts(this.budgetId, receipts);
    const days = [...tables.days.entries()];
    await this.store.writeDays(days.map(([day, totals]) => usageDayOf(this.ledger, day, totals)));
    await this.do({
      kind: 'drop-written',
      receipts: new Map(receipts.map((receipt) => [receipt.id, receipt.revision])),
      days: new Map(days.map(([day]) => [day, revision])),
    });
    return this;
  }

  /** A grant is expected. */
  async grant(aiId: string, estimatedTokens: number, more: Partial<AcquireRequest> = {}): Promise<LeaseRef> {
    const named = { requestId: `r${++this.made}`, fingerprint: 'f', nonce: `n${this.made}` };
    return leaseOf(await this.do(acquire(aiId, { ...named, estimatedTokens, ...more })));
  }

  record(lease: LeaseRef, usageId: string, total: number, model = 'm') {
    return this.do<'recorded'>({ kind: 'record', lease, usage: usage(usageId, total, model) });
  }

  async lease(lease: LeaseRef): Promise<LeaseView> {
    return (await this.do<'lease'>({ kind: 'get-lease', key: { lease } })).lease;
  }
}
