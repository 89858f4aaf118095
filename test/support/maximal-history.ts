import { expect } from 'vitest';
import { parseLeaseId } from '../../src/domain/model/lease-id.js';
import { MAX_AIS, MAX_FULL_STATE_BYTES, MAX_STATE_BYTES } from '../../src/domain/model/limits.js';
import type { Outcome } from '../../src/domain/model/outcomes.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import type { BudgetRequest, LeaseRef } from '../../src/domain/model/requests.js';
import { STATE_FORMAT } from '../../src/domain/model/state.js';
import { ROOMY, TestBudget } from './budget.js';
import { Chance } from './chance.js';
import { commitBytes, documentBytes } from './document-size.js';
import { usage } from './requests.js';
import { overCaps } from './top-ups.js';

const HOUR_MS = 3_600_000;
const MB = 1024 * 1024;
/** What MongoDB takes, less the frame of a command. */
const MOST_BYTES = 16 * MB - 64 * 1024;
/** A commit of requests that came together, and the last of them whole. */
const MOST_COMMIT_BYTES = 6 * MB;

/** A random history whose entries are as large as callers can make them, and as many as they can. */
export class MaximalHistory extends Chance {
  readonly budget: TestBudget;
  private leases: LeaseRef[] = [];
  private made = 0;
  /** The largest that the document was. */
  largest = 0;

  /** `shared`: among teams, with limits of models, and with top-ups. */
  constructor(
    random: () => number,
    private readonly shared = false,
  ) {
    super(random);
    this.budget = new TestBudget(this.policy());
    this.budget.sinks = ['s'.repeat(64), 't'.repeat(64)];
    this.budget.onCommit = (patch) => {
      expect(commitBytes(patch), 'bytes of a commit').toBeLessThan(MOST_COMMIT_BYTES);
    };
  }

  private policy(): PolicyFields {
    return {
      ...ROOMY,
      ...{ mode: 'OBSERVE', monthlyLimit: 1e12, maxConcurrent: 2, leaseTtlMs: 24 * HOUR_MS },
      maxLeaseDurationMs: 24 * HOUR_MS,
      onExpiry: this.pick(['CHARGE', 'CHARGE', 'REFUND'] as const),
      maxDailyPercentByAi: Array.from({ length: 250 }, (_, at) => [wide('%', 128, at), 50] as const),
      ...(this.shared && this.scopes()),
    };
  }

  /** As many of each as a policy may have, with names as long as they may be, in a message that it still fits. */
  private scopes(): PolicyFields {
    const ending = (at: number) => `*${wide('a', 8, at)}`;
    const aiIds = (at: number) => Array.from({ length: 4 }, (_, which) => ending(4 * at + which));
    return {
      maxDailyPercentByAi: [],
      teams: Array.from({ length: 64 }, (_, at) => [
        wide('a', 63, at),
        { aiIds: aiIds(at), guaranteedPercent: 1 },
      ]),
      models: Array.from({ length: 64 }, (_, at) => [`*${wide('模', 41, at)}`, { maxMonthlyPercent: 50 }]),
      // Where rules refuse, top-ups are drawn on.
      ...{ mode: 'ENFORCE', maxHourlyPercent: 0.0001, maxConcurrent: 1_000, maxConcurrentPerAi: 1_000 },
    };
  }

  step(): void {
    const { budget } = this;
    budget.pass(this.pick([0, 1_000, 60_000]));
    const kind = this.below(20);
    if (this.shared) this.topUp();
    if (kind < 8) this.acquireMany(1 + this.below(600));
    else if (kind < 11) this.reportMany(1 + this.below(300));
    else if (kind === 11) this.unleasedMany(1 + this.below(800));
    else if (kind === 12) this.releaseMany(1 + this.below(300));
    else if (kind === 13) this.renewMany(1 + this.below(300));
    else if (kind === 14) budget.writeOut();
    else if (kind === 15) budget.reload();
    else if (kind === 16) this.adjustClosedDay();
    else if (kind === 17) this.operate();
    else if (kind === 18) this.session();
    else budget.pass(this.pick([HOUR_MS, 25 * HOUR_MS]));
    this.check();
  }

  /** Until nothing more is granted. */
  fill(): void {
    for (let batch = 0; batch < 100; batch += 1) {
      if (this.acquireMany(500).some((outcome) => outcome.kind === 'refused')) return;
      this.check();
    }
    throw new Error('never full');
  }

  acquireMany(count: number): Outcome[] {
    const outcomes = this.together(count, () => {
      this.made += 1;
      const aiId = this.aiId();
      const labels = this.random() < 0.8 ? { labels: LABELS } : {};
      const model = this.random() < 0.5 ? { model: this.model() } : {};
      const session = this.random() < 0.3 ? { session: this.sessionOf(aiId) } : {};
      // Above the hour's cap it comes from a top-up, if there is one.
      const estimatedTokens = this.shared && this.random() < 0.3 ? 2_000_000 : 1 + this.below(1_000);
      return {
        ...{ kind: 'acquire', aiId, requestId: wide('"', 128, this.made), requestIdMade: false },
        ...{ fingerprint: 'f'.repeat(22), nonce: 'n'.repeat(16), estimatedTokens },
        ...{ ...labels, ...model, ...session },
      };
    });
    for (const outcome of outcomes) {
      if (outcome.kind !== 'granted') continue;
      const ref = parseLeaseId(outcome.lease.leaseId);
      if (ref !== undefined) this.leases.push(ref);
    }
    return outcomes;
  }

  /** Some names come again, most do not; they are of plain characters or of such as take three times their room. */
  private aiId(): string {
    const number = this.random() < 0.2 ? this.below(50) : this.made;
    return wide(this.pick(['%', '.', 'a', 'a']), this.pick([128, 128, 8]), number);
  }

  private sessionOf(aiId: string) {
    return { id: aiId.padEnd(128, 's'), owner: 'o'.repeat(22), stream: 't'.repeat(16) };
  }

  private reportMany(count: number): void {
    this.together(count, () => this.onLease((lease) => ({ kind: 'record', lease, usage: this.usage() })));
  }

  private unleasedMany(count: number): void {
    this.together(count, () => {
      this.made += 1;
      return { kind: 'record-unleased', aiId: this.aiId(), usage: this.usage() };
    });
  }

  private releaseMany(count: number): void {
    this.together(count, () =>
      this.onLease((lease) => ({
        kind: 'release',
        lease,
        ...(this.random() < 0.7 && { usage: this.usage() }),
        // What one leaves presumed, another may settle: its receipt has the answers of both.
        ...(this.random() < 0.5 && { unreported: 'PRESUME' }),
      })),
    );
  }

  private renewMany(count: number): void {
    this.together(count, () => this.onLease((lease) => ({ kind: 'renew', lease, reserveTokens: 2_000 })));
  }

  private onLease(request: (lease: LeaseRef) => BudgetRequest): BudgetRequest {
    return this.leases.length === 0 ? { kind: 'sweep' } : request(this.pick(this.leases));
  }

  usage() {
    this.made += 1;
    const model = this.model();
    const more = this.random() < 0.5 ? { calls: this.below(10_001), failed: true } : {};
    const report = usage(wide('%', 128, this.made), this.below(3_000), model, more);
    return { ...report, requestType: 'é'.repeat(32) };
  }

  private model(): string {
    return this.pick([`${'模'.repeat(40)}${this.below(600)}`, wide('.', 128, this.below(600)), 'm']);
  }

  /** A day of as many AIs as a day may have, as its document would bring it back. */
  private adjustClosedDay(): void {
    const { budget } = this;
    const day = `2026-10-${String(1 + this.below(20)).padStart(2, '0')}`;
    const key = `${budget.state.epoch} ${day}`;
    if (!budget.documents.has(key)) {
      const ais = new Map(Array.from({ length: MAX_AIS }, (_, at) => [wide('a', 128, at), 1] as const));
      const start = Date.parse(`${day}T00:00:00Z`);
      const hours = Array.from({ length: 25 }, (_, at) => ({ start: start + at * HOUR_MS, tokens: 200 }));
      budget.documents.set(key, {
        ...{ budgetId: 'anthropic', epoch: budget.state.epoch, day, start, end: start + 24 * HOUR_MS },
        ...{
          revision: 1,
          total: MAX_AIS,
          presumed: 0,
          late: 0,
          hours,
          ais,
          models: new Map([['m', MAX_AIS]]),
          format: STATE_FORMAT,
          presumedBy: new Map(),
          toppedAis: new Map(),
          toppedModels: new Map(),
          parts: new Map(),
        },
      });
    }
    this.made += 1;
    budget.do({
      ...{ kind: 'adjust', adjustmentId: wide('%', 128, this.made), tokens: 5, reason: '', day },
      ...{ fingerprint: 'f'.repeat(22) },
    });
  }

  private operate(): void {
    const { budget } = this;
    const lease = this.leases.at(-1);
    const kind = this.below(5);
    if (kind === 0) budget.do({ kind: 'pause', reason: '理'.repeat(85) });
    else if (kind === 1) budget.do({ kind: 'put-policy', fields: this.policy() });
    else if (kind === 2 && lease !== undefined) budget.do({ kind: 'revoke', lease, reason: '' });
    else if (kind === 3 && this.random() < 0.3) this.begin();
    budget.do({ kind: 'resume' });
  }

  private topUp(): void {
    this.made += 1;
    const id = wide('%', 64, this.made);
    const whose = this.pick([{}, { aiId: this.aiId() }, { teamId: wide('a', 63, this.below(64)) }]);
    const more = { ...whose, reason: '理'.repeat(85) };
    this.budget.do(overCaps(id, 1e9, this.budget.now + this.pick([HOUR_MS, 90 * 24 * HOUR_MS]), more));
    if (this.random() < 0.2) this.budget.do({ kind: 'end-top-up', topUpId: id, reason: '' });
  }

  private begin(): void {
    expect(this.budget.do({ kind: 'delete-budget', force: true })).toMatchObject({ kind: 'deleted' });
    this.check();
    if (this.random() < 0.5) this.budget.reload();
    this.budget.do({ kind: 'put-policy', fields: this.policy() });
    this.leases = [];
  }

  private session(): void {
    const aiId = this.aiId();
    const session = { ...this.sessionOf(aiId), stream: wide('t', 16, this.made) };
    this.budget.do({ kind: 'take-up-session', aiIds: new Set([aiId]), session });
    this.budget.do({ kind: 'break-sessions', streams: new Set(['t'.repeat(16)]) });
  }

  /** As the arbiter would: a commit that is full takes no further request along. */
  private together(count: number, request: () => BudgetRequest): Outcome[] {
    const requests = Array.from({ length: count }, request);
    return this.budget.inFullCommits(requests);
  }

  private checks = 0;

  /** To measure the document takes long: not each time. */
  check(always = false): void {
    const { state } = this.budget;
    expect(state.tables.bytes, 'is bounded').toBeLessThanOrEqual(MAX_FULL_STATE_BYTES + MB);
    this.checks += 1;
    if (!always && this.checks % 4 !== 0) return;
    const bytes = documentBytes(this.budget.storedState());
    this.largest = Math.max(this.largest, bytes);
    expect(bytes, 'is measured').toBeLessThanOrEqual(state.tables.bytes);
    expect(bytes, 'fits').toBeLessThan(MOST_BYTES);
  }

  /** Whether what is measured is not far above what is stored, so that the bound is of use. */
  isTight(): boolean {
    return this.largest > 0.5 * MAX_STATE_BYTES;
  }
}

const LABELS = Object.fromEntries(
  Array.from({ length: 8 }, (_, at) => [wide('l', 32, at), '値'.repeat(21)] as const),
);

function wide(character: string, length: number, number: number): string {
  return String(number).padStart(length, character);
}
