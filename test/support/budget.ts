import { type Circumstances, decide } from '../../src/domain/decide.js';
import { finish } from '../../src/domain/finish.js';
import { Ledger } from '../../src/domain/ledger/ledger.js';
import { isCommitFull } from '../../src/domain/ledger/outbox.js';
import type { StoredChange } from '../../src/domain/model/changes.js';
import type { BudgetEvent } from '../../src/domain/model/events.js';
import type { BudgetSnapshot, Granted, Outcome } from '../../src/domain/model/outcomes.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import type { AcquireRequest, BudgetRequest, LeaseRef } from '../../src/domain/model/requests.js';
import type { Receipt, StatePatch, UsageDay } from '../../src/domain/model/state.js';
import type { Denial, LeaseView } from '../../src/domain/model/types.js';
import { usageDayOf } from '../../src/domain/reads.js';
import { applyPatch, type MemoryBudget, replicaState } from '../../src/store/memory/memory-budget.js';
import { ROOMY_WINDOWS } from './policies.js';
import { acquire, leaseOf, usage } from './requests.js';

export const BUDGET = 'anthropic';

/** One budget without a service around it: every request is decided, committed and looked up as the arbiter would. */
export class TestBudget {
  now: number;
  distrust: string | undefined;
  private stored: MemoryBudget | undefined;
  private ledger = Ledger.of(BUDGET, undefined);
  readonly receipts = new Map<string, Receipt>();
  readonly documents = new Map<string, UsageDay>();
  readonly changes = new Map<number, StoredChange>();
  /** What the last request made others hear of. */
  events: readonly BudgetEvent[] = [];
  /** Who is told of alerts; nobody unless a test says so. */
  sinks: readonly string[] | undefined;
  copyId = 'test';
  /** How long usage is kept; for ever unless a test says so. */
  retentionMonths: number | undefined;
  /** Hears of every commit before it is applied. */
  onCommit: (patch: StatePatch) => void = () => {};
  private made = 0;
  private seq = 0;

  constructor(policy: PolicyFields = {}, at = '2026-11-10T09:10:00Z') {
    this.now = Date.parse(at);
    this.do({ kind: 'put-policy', fields: policy });
  }

  pass(ms: number): this {
    this.now += ms;
    return this;
  }

  at(moment: string): this {
    this.now = Date.parse(moment);
    return this;
  }

  do<K extends Outcome['kind'] = Outcome['kind']>(request: BudgetRequest): Extract<Outcome, { kind: K }> {
    const outcome = this.decided(request);
    this.commit();
    return outcome as Extract<Outcome, { kind: K }>;
  }

  /** One commit for all of them. */
  together(...requests: readonly BudgetRequest[]): Outcome[] {
    const outcomes = requests.map((request) => this.decided(request));
    this.commit();
    return outcomes;
  }

  /** As the arbiter carries many: a commit that is full takes no further one along. */
  inFullCommits(requests: readonly BudgetRequest[]): Outcome[] {
    const outcomes = requests.map((request) => {
      if (isCommitFull(this.ledger)) this.commit();
      return this.decided(request);
    });
    this.commit();
    return outcomes;
  }

  /** Days on which a paced cap refused since the last commit, which the next one marks. */
  private refused = new Set<string>();

  private decided(request: BudgetRequest): Outcome {
    const outcome = this.decidedWithEvidence(request);
    if (outcome.kind === 'denied' && outcome.pacedOn !== undefined) this.refused.add(outcome.pacedOn);
    return outcome;
  }

  private decidedWithEvidence(request: BudgetRequest): Outcome {
    const receipts = new Map<string, Receipt | undefined>();
    const days = new Map<string, UsageDay | undefined>();
    for (;;) {
      const outcome = decide(this.ledger, request, { ...this.circumstances(), evidence: { receipts, days } });
      if (outcome.kind !== 'unknown') return outcome;
      for (const id of outcome.receiptIds) receipts.set(id, this.receipts.get(id));
      for (const day of outcome.days) days.set(day, this.documents.get(this.documentKey(day)));
      if (outcome.writeOut) this.writeOut();
      if (outcome.again) this.commit();
    }
  }

  private circumstances(): Omit<Circumstances, 'evidence'> {
    return {
      time: this.now,
      maxSkewMs: 2_000,
      retentionMonths: this.retentionMonths,
      ...(this.distrust === undefined ? {} : { distrust: this.distrust }),
    };
  }

  private commit(): void {
    const { sinks, copyId, refused } = this;
    if (refused.size > 0 && this.ledger.touched) {
      this.decided({ kind: 'mark-refused', epoch: this.ledger.epoch, days: [...refused] });
      refused.clear();
    }
    const stamp = { copyId, seq: ++this.seq, ...(sinks === undefined ? {} : { sinksFor: () => sinks }) };
    const patch = finish(this.ledger, stamp, true);
    if (patch !== undefined) {
      this.onCommit(patch);
      this.stored = applyPatch(this.stored, structuredClone(patch));
    }
    this.events = this.ledger.takeEvents();
  }

  private documentKey(day: string): string {
    return `${this.ledger.epoch} ${day}`;
  }

  /** Writes receipts, days and records of changes, and lets the state drop what it may. */
  writeOut(): this {
    const receipts = new Map<string, number>();
    for (const receipt of this.ledger.tables.outbox.values()) {
      this.receipts.set(receipt.id, structuredClone(receipt));
      receipts.set(receipt.id, receipt.revision);
    }
    const days = new Map<string, number>();
    for (const [day, totals] of this.ledger.tables.days.entries()) {
      this.documents.set(this.documentKey(day), usageDayOf(this.ledger, day, totals));
      days.set(day, this.ledger.revision);
    }
    const changes = new Map<string, number>();
    for (const change of this.ledger.tables.changes.values()) {
      this.changes.set(change.number, structuredClone(change));
      changes.set(String(change.number), change.revision);
    }
    this.do({ kind: 'drop-written', receipts, days, changes });
    return this;
  }

  /** As after a restart: only what is stored counts. */
  reload(): this {
    this.ledger = this.loaded();
    return this;
  }

  /** What another replica would load now. */
  loaded(): Ledger {
    return Ledger.of(BUDGET, this.stored && replicaState(this.stored));
  }

  storedState(): MemoryBudget {
    if (this.stored === undefined) throw new Error('nothing was committed yet');
    return this.stored;
  }

  /** The same budget, to try what would happen: the first one hears nothing of it. */
  fork(): TestBudget {
    const other: TestBudget = Object.create(TestBudget.prototype);
    const { receipts, documents } = this;
    const refused = new Set(this.refused);
    const copies = { receipts: new Map(receipts), documents: new Map(documents), refused };
    const stored = this.stored && structuredClone(this.stored);
    Object.assign(other, this, copies, { stored, ledger: this.loaded(), onCommit: () => {} });
    return other;
  }

  get state(): Ledger {
    return this.ledger;
  }

  snapshot(): BudgetSnapshot {
    return this.do<'snapshot'>({ kind: 'get-snapshot' }).snapshot;
  }

  window(kind: 'HOUR' | 'DAY' | 'MONTH') {
    const found = this.snapshot().windows.find((window) => window.kind === kind);
    if (found === undefined) throw new Error(`no ${kind}`);
    return found;
  }

  acquire(aiId: string, more: Partial<AcquireRequest> = {}): Outcome {
    const requestId = more.requestId ?? `r${++this.made}`;
    return this.do(acquire(aiId, { requestId, fingerprint: 'f', nonce: `n${++this.made}`, ...more }));
  }

  /** A grant is expected. */
  grant(
    aiId: string,
    estimatedTokens?: number,
    more: Partial<AcquireRequest> = {},
  ): LeaseRef & { view: LeaseView } {
    const estimate = estimatedTokens === undefined ? {} : { estimatedTokens };
    const outcome = this.acquire(aiId, { ...estimate, ...more });
    const lease = leaseOf(outcome);
    return { ...lease, view: (outcome as Granted).lease };
  }

  /** A denial is expected. */
  deny(aiId: string, estimatedTokens?: number): Denial {
    const outcome = this.acquire(aiId, estimatedTokens === undefined ? {} : { estimatedTokens });
    if (outcome.kind !== 'denied') throw new Error(`not denied: ${JSON.stringify(outcome)}`);
    return outcome.denial;
  }

  record(lease: LeaseRef, total: number, usageId = `u${++this.made}`, model = 'm') {
    return this.do<'recorded'>({ kind: 'record', lease, usage: usage(usageId, total, model) });
  }

  release(lease: LeaseRef, total?: number) {
    const report = total === undefined ? {} : { usage: usage(`u${++this.made}`, total) };
    return this.do<'released'>({ kind: 'release', lease, ...report });
  }

  lease(lease: LeaseRef): LeaseView {
    return this.do<'lease'>({ kind: 'get-lease', key: { lease } }).lease;
  }
}

/** Nothing refuses but what a test is about. */
export const ROOMY: PolicyFields = {
  monthlyLimit: 1_000_000,
  ...ROOMY_WINDOWS,
  enforcedPercent: 100,
  emergencyPercent: 100,
  maxConcurrent: 100,
  maxConcurrentPerAi: 100,
};
