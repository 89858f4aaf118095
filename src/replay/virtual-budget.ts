import { PacedRefusals } from '../arbiter/paced-refusals.js';
import { type Circumstances, decide } from '../domain/decide.js';
import { finish } from '../domain/finish.js';
import { Ledger } from '../domain/ledger/ledger.js';
import { type KnownDay, learnKnownDays } from '../domain/ledger/past-days.js';
import type { StoredChange } from '../domain/model/changes.js';
import type { Denied, NeedsLookup, Outcome, OutcomeOf } from '../domain/model/outcomes.js';
import type { BudgetRequest, Evidence } from '../domain/model/requests.js';
import type { Receipt, StatePatch, StoredState, UsageDay } from '../domain/model/state.js';
import { usageDayOf } from '../domain/reads.js';
import { openMemoryStore } from '../store/memory/memory-store.js';
import type { BudgetStore, StateVersion } from '../store/store.js';

/** As many decisions share a commit in a service that is busy; what is decided is the same however many do. */
const DECISIONS_PER_COMMIT = 256;
const DAY_MS = 86_400_000;
const FIRST_DAY = '0001-02-01';
const LAST_DAY = '9999-11-30';
const NO_EVIDENCE: Evidence = { receipts: new Map(), days: new Map() };

/** One budget in a store in memory, decided for by the service's own rules, at the moments that it is told. */
export class VirtualBudget {
  private readonly refusals = new PacedRefusals();
  private decisions = 0;
  private commits = 0;
  private tidiedAt = Number.NEGATIVE_INFINITY;
  private version: StateVersion | undefined;

  private constructor(
    readonly budgetId: string,
    private readonly store: BudgetStore,
    readonly ledger: Ledger,
  ) {}

  static async open(budgetId: string): Promise<VirtualBudget> {
    const store = await openMemoryStore({ receiptsInCommit: true, copies: false });
    return new VirtualBudget(budgetId, store, Ledger.of(budgetId, undefined));
  }

  async decide<R extends BudgetRequest>(request: R, time: number): Promise<OutcomeOf[R['kind']]> {
    // A day's refusals are marked before it is learned from.
    const isNewDay = this.refusals.size > 0 && time >= this.ledger.today.end;
    if (this.decisions >= DECISIONS_PER_COMMIT || isNewDay) await this.commit();
    let evidence = NO_EVIDENCE;
    for (;;) {
      this.decisions += 1;
      const outcome: Outcome | NeedsLookup = decide(this.ledger, request, circumstances(time, evidence));
      if (outcome.kind === 'denied') this.noteRefusal(outcome);
      if (outcome.kind !== 'unknown') return outcome as OutcomeOf[R['kind']];
      await this.commit();
      evidence = await this.lookUp(outcome, evidence);
    }
  }

  /** It was there before, and this is what it knows of its days. */
  async learn(days: readonly KnownDay[], time: number): Promise<void> {
    await this.decide({ kind: 'sweep' }, time);
    learnKnownDays(this.ledger, days);
  }

  private noteRefusal({ pacedOn }: Denied): void {
    if (pacedOn !== undefined) this.refusals.note(this.ledger.epoch, pacedOn);
  }

  /** As the service commits and writes out: what is closed leaves the memory. */
  async commit(): Promise<void> {
    const { ledger, store, budgetId } = this;
    this.decisions = 0;
    this.commits += 1;
    const marks = this.refusals.marks();
    if (marks !== undefined) {
      decide(ledger, marks, circumstances(ledger.clock, NO_EVIDENCE));
      this.refusals.marked(marks);
    }
    const stamp = { copyId: 'replay', seq: this.commits, receiptsInCommit: true };
    const patch = finish(ledger, stamp, true);
    if (patch === undefined) return;
    await store.commit(budgetId, this.version, { ...patch, puts: patch.puts.filter(isAskedAgain) });
    this.version = { epoch: patch.head.epoch, revision: patch.head.revision };
    // A day that goes on is written once, when it is over.
    const days = unwrittenDays(ledger).filter(({ end }) => end <= ledger.clock);
    await store.writeDays(days);
    decide(ledger, written(patch, days), circumstances(ledger.clock, NO_EVIDENCE));
    await this.tidy();
  }

  /** Usage documents of every day, those that are still open included. */
  async days(): Promise<UsageDay[]> {
    await this.commit();
    await this.store.writeDays(unwrittenDays(this.ledger));
    return this.store.readDays(this.budgetId, this.ledger.epoch, FIRST_DAY, LAST_DAY);
  }

  /** The whole state, as the store has it. */
  async stored(): Promise<StoredState> {
    await this.commit();
    const state = await this.store.load(this.budgetId);
    if (state === undefined) throw new Error(`nothing was decided for ${this.budgetId}`);
    return state;
  }

  /** Nobody asks a replay for a receipt of another day. */
  private async tidy(): Promise<void> {
    const { clock } = this.ledger;
    if (clock - this.tidiedAt < DAY_MS) return;
    this.tidiedAt = clock;
    const cut = { dayBefore: FIRST_DAY, receiptsBefore: clock - DAY_MS };
    await this.store.tidy(cut, Number.POSITIVE_INFINITY);
  }

  private async lookUp({ receiptIds, days }: NeedsLookup, known: Evidence): Promise<Evidence> {
    const { store, budgetId, ledger } = this;
    const found = await store.findReceipts(budgetId, receiptIds);
    const receipts = new Map(known.receipts);
    for (const id of receiptIds) receipts.set(id, found.get(id));
    const documents = new Map(known.days);
    for (const day of days) {
      const [document] = await store.readDays(budgetId, ledger.epoch, day, day);
      documents.set(day, document);
    }
    return { receipts, days: documents };
  }
}

/** A replay gives each slot back once: of those that it has, nobody asks for the receipt; nor for what changed its policy. */
function isAskedAgain({ section, value }: StatePatch['puts'][number]): boolean {
  if (section === 'changes') return false;
  if (section !== 'outbox') return true;
  const { body } = value as Receipt;
  return body.kind !== 'lease' || body.status !== 'RELEASED';
}

function circumstances(time: number, evidence: Evidence): Circumstances {
  return { time, maxSkewMs: 0, evidence };
}

function unwrittenDays(ledger: Ledger): UsageDay[] {
  const days: UsageDay[] = [];
  for (const [day, totals] of ledger.tables.days.entries()) {
    if (totals.changedAt > (ledger.writtenDays.get(day) ?? 0)) days.push(usageDayOf(ledger, day, totals));
  }
  return days;
}

function written({ puts }: StatePatch, days: readonly UsageDay[]): BudgetRequest {
  const receipts = new Map<string, number>();
  const changes = new Map<string, number>();
  for (const { section, key, value } of puts) {
    if (section === 'outbox') receipts.set(key, (value as Receipt).revision);
    if (section === 'changes') changes.set(key, (value as StoredChange).revision);
  }
  const written = new Map(days.map(({ day, revision }) => [day, revision]));
  return { kind: 'drop-written', receipts, days: written, changes };
}
