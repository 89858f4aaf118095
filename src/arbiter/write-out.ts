import { Ledger } from '../domain/ledger/ledger.js';
import { isDayClosed } from '../domain/ledger/outbox.js';
import { nameBytes } from '../domain/ledger/state-size.js';
import { LazyMap } from '../domain/model/lazy-map.js';
import { LazySet } from '../domain/model/lazy-set.js';
import { MAX_COMMIT_BYTES } from '../domain/model/limits.js';
import type { DropWrittenRequest } from '../domain/model/requests.js';
import type { Receipt, StatePatch, UsageDay } from '../domain/model/state.js';
import { usageDayOf } from '../domain/reads.js';
import { pause } from '../platform/scheduler.js';
import { StoreError } from '../store/store.js';
import { type Attempt, ChangeWriteOut } from './change-write-out.js';
import type { Context } from './context.js';
import { isRefusal, logFailure } from './failure.js';
import type { Lookups } from './lookups.js';

/** How often an open day that changes all the time is written out. */
const DAYS_EVERY_MS = 2_000;
/** Receipts that another replica committed are left to it for so long. */
const FOREIGN_AFTER_MS = 4_000;
const RECEIPTS_AT_ONCE = 1_000;
const RETRY_MS = 500;

/** Makes a round of its own for what `WriteOut` has to tell the state. */
export const TELL_WRITTEN: DropWrittenRequest = {
  kind: 'drop-written',
  receipts: new Map(),
  days: new Map(),
};

interface Written {
  readonly revision: number;
  /** Its place among this replica's lookups: one that was sent before may have missed it. */
  readonly order: number;
}

/** Writes the receipts, days and records of changes of one budget out of its committed state, and says what the state may drop. */
export class WriteOut {
  private readonly receipts = new LazyMap<string, Receipt>();
  private readonly writtenReceipts = new LazyMap<string, Written>();
  private readonly writtenDays = new LazyMap<string, Written>();
  /** Receipts that the store refuses one by one. The others need not wait for them; the next taking over tries them again. */
  private readonly refused = new LazySet<string>();
  /** Less after a refusal: so the guilty one is found. */
  private atOnce = RECEIPTS_AT_ONCE;
  private writing: Promise<void> | undefined;
  private writingDays: Promise<unknown> | undefined;
  private daysWrittenAt = Number.NEGATIVE_INFINITY;
  private tookOverAt = Number.NEGATIVE_INFINITY;
  private alertsChanged = false;
  private readonly changes: ChangeWriteOut;

  constructor(
    private readonly context: Context,
    private readonly budgetId: string,
    private readonly lookups: Lookups,
  ) {
    this.changes = new ChangeWriteOut(context, budgetId, (write) => this.attempt(write));
  }

  /** A commit won: what it put into the outbox can be written. `stored`: the ledger, if it stands for the committed state. */
  committed(patch: StatePatch, stored: Ledger | undefined): void {
    const receipts: Receipt[] = [];
    for (const { section, value } of patch.puts) if (section === 'outbox') receipts.push(value as Receipt);
    if (this.context.store.receiptsInCommit) this.written(receipts);
    else for (const receipt of receipts) this.receipts.set(receipt.id, receipt);
    if (patch.puts.some(({ section }) => section === 'alerts')) this.alertsChanged = true;
    if (stored !== undefined) this.tick(stored);
    else this.kick();
  }

  /** The state was loaded: what another replica left behind is taken over after a while. */
  loaded(ledger: Ledger): void {
    const { outbox, days } = ledger.tables;
    for (const [id, { revision }] of this.writtenReceipts) {
      if (outbox.get(id)?.revision !== revision) this.writtenReceipts.delete(id);
    }
    for (const [day, { revision }] of this.writtenDays) {
      if (days.has(day)) ledger.writtenDays.set(day, revision);
      else this.writtenDays.delete(day);
    }
    this.takeOver(ledger);
  }

  private showAlerts({ epoch, tables }: Ledger): void {
    this.alertsChanged = false;
    this.context.alerts?.saw(this.budgetId, epoch, tables.alerts.view);
  }

  private takeOver(ledger: Ledger): void {
    this.tookOverAt = this.context.clock.monotonic();
    this.refused.clear();
    const { now } = this.context.clock.read();
    for (const [id, receipt] of ledger.tables.outbox.entries()) {
      const known = this.receipts.has(id) || this.writtenReceipts.get(id)?.revision === receipt.revision;
      // Of the future, while the clock had run ahead: nobody knows how old it is, so it waits no longer.
      if (!known && Math.abs(now - receipt.at) >= FOREIGN_AFTER_MS) this.receipts.set(id, receipt);
    }
    this.showAlerts(ledger);
    this.kick();
  }

  /** Again and again, also while every moment brings a commit. The ledger stands for the committed state. */
  tick(ledger: Ledger): void {
    const now = this.context.clock.monotonic();
    if (this.alertsChanged) this.showAlerts(ledger);
    if (now - this.tookOverAt >= FOREIGN_AFTER_MS) this.takeOver(ledger);
    else this.kick();
    if (now - this.daysWrittenAt >= DAYS_EVERY_MS) this.startDays(ledger);
    this.changes.tick(ledger);
  }

  /** Nothing is left to write, and the state knows it. */
  idle(ledger: Ledger): boolean {
    if (this.writing !== undefined || this.writingDays !== undefined) return false;
    if (this.receipts.size > 0 || this.refused.size > 0 || !this.changes.idle(ledger)) return false;
    return (
      this.writtenReceipts.size === 0 && this.drops(ledger) === undefined && this.dirty(ledger).length === 0
    );
  }

  /** What the state may drop, or does not know to be written; undefined if there is nothing new. */
  drops(ledger: Ledger): DropWrittenRequest | undefined {
    const receipts = this.eligible(this.writtenReceipts);
    const days = this.eligible(this.writtenDays);
    for (const [day, revision] of days) if (!isNews(ledger, day, revision)) days.delete(day);
    const changes = this.changes.drops(ledger);
    if (receipts.size === 0 && days.size === 0 && changes.size === 0) return undefined;
    return { kind: 'drop-written', receipts, days, changes };
  }

  /**
   * Where receipts are in the commit, nothing is lost by what the state does not know, and nobody else would write it again: the next
   * commit says it, or the next time that the budget promised to be looked at (`domain/wake.ts`).
   */
  isWorthACommit(ledger: Ledger): boolean {
    return !this.context.store.receiptsInCommit && this.drops(ledger) !== undefined;
  }

  /** The state knows it: a commit with these drops won, or there was nothing of them left to drop. */
  told(request: DropWrittenRequest): void {
    for (const [id, revision] of request.receipts) {
      // Brought back and written again meanwhile, it is to be told again.
      if (this.writtenReceipts.get(id)?.revision === revision) this.writtenReceipts.delete(id);
    }
  }

  private eligible(written: ReadonlyMap<string, Written>): Map<string, number> {
    const eligible = new Map<string, number>();
    let bytes = 0;
    for (const [id, { revision, order }] of written) {
      if (this.lookups.heldBack(order)) continue;
      eligible.set(id, revision);
      bytes += nameBytes(id);
      // The rest goes with the next commit.
      if (bytes > MAX_COMMIT_BYTES) break;
    }
    return eligible;
  }

  /** Writes everything out as it is stored: a ledger may be ahead, by decisions that no commit has carried yet. */
  async flushStored(failedBefore: boolean): Promise<boolean> {
    try {
      return await this.flush(Ledger.of(this.budgetId, await this.context.store.load(this.budgetId)));
    } catch (error) {
      logFailure(this.context.log, this.budgetId, error, failedBefore);
      return false;
    }
  }

  /** Writes everything out as the ledger has it; true when it is durable. */
  async flush(ledger: Ledger): Promise<boolean> {
    this.refused.clear();
    for (const [id, receipt] of ledger.tables.outbox.entries()) {
      if (this.writtenReceipts.get(id)?.revision !== receipt.revision) this.receipts.set(id, receipt);
    }
    const days = this.dirty(ledger);
    this.kick();
    const [changesWritten] = await Promise.all([this.changes.flush(ledger), this.writing, this.writingDays]);
    const written = changesWritten && (days.length === 0 || (await this.writeDays(days)));
    return written && this.receipts.size === 0 && this.refused.size === 0;
  }

  private kick(): void {
    if (this.writing !== undefined || this.receipts.size === 0) return;
    this.writing = this.writeReceipts().finally(() => {
      this.writing = undefined;
    });
  }

  private async writeReceipts(): Promise<void> {
    // What other decisions of this tick add goes along.
    await Promise.resolve();
    while (this.receipts.size > 0) {
      const batch = [...this.receipts.values()].slice(0, this.atOnce);
      for (const { id } of batch) this.receipts.delete(id);
      const failure = await this.attempt(() => this.context.store.writeReceipts(this.budgetId, batch));
      if (failure === undefined) {
        this.written(batch);
        this.atOnce = Math.min(RECEIPTS_AT_ONCE, 2 * this.atOnce);
        continue;
      }
      const guiltyIsAmongOthers = failure === 'refused' && batch.length > 1;
      if (failure === 'failed' || guiltyIsAmongOthers) this.writeAgain(batch);
      else for (const { id } of batch) this.refused.add(id);
      if (guiltyIsAmongOthers) {
        this.atOnce = Math.ceil(batch.length / 2);
        continue;
      }
      if (this.context.stopping()) return;
      await pause(this.context.scheduler, RETRY_MS);
    }
  }

  private writeAgain(batch: readonly Receipt[]): void {
    for (const receipt of batch) if (!this.receipts.has(receipt.id)) this.receipts.set(receipt.id, receipt);
  }

  private written(receipts: readonly Receipt[]): void {
    if (receipts.length === 0) return;
    const order = this.lookups.nextOrder();
    for (const { id, revision } of receipts) this.writtenReceipts.set(id, { revision, order });
  }

  private startDays(ledger: Ledger): void {
    if (this.writingDays !== undefined) return;
    for (const day of this.writtenDays.keys()) if (!ledger.tables.days.has(day)) this.writtenDays.delete(day);
    const days = this.dirty(ledger);
    if (days.length === 0) return;
    this.daysWrittenAt = this.context.clock.monotonic();
    this.writingDays = this.writeDays(days).finally(() => {
      this.writingDays = undefined;
    });
  }

  private async writeDays(days: readonly UsageDay[]): Promise<boolean> {
    if ((await this.attempt(() => this.context.store.writeDays(days))) !== undefined) return false;
    const order = this.lookups.nextOrder();
    for (const { day, revision } of days) {
      if ((this.writtenDays.get(day)?.revision ?? 0) < revision)
        this.writtenDays.set(day, { revision, order });
    }
    return true;
  }

  /** Days that changed since they were last written, whole. */
  private dirty(ledger: Ledger): UsageDay[] {
    const dirty: UsageDay[] = [];
    for (const [day, totals] of ledger.tables.days.entries()) {
      const written = this.writtenDays.get(day)?.revision ?? 0;
      if (totals.changedAt > written) dirty.push(usageDayOf(ledger, day, totals));
    }
    return dirty;
  }

  /** Whatever goes wrong, what is to be written stays in the state and is written later. */
  private async attempt(write: () => Promise<void>): Promise<Attempt> {
    try {
      await write();
      return undefined;
    } catch (error) {
      const fields = { budget: this.budgetId };
      if (error instanceof StoreError) {
        this.context.log.warn({ ...fields, reason: error.message }, 'writing out failed; trying again');
      } else this.context.log.error({ ...fields, err: error }, 'writing out failed; trying again');
      return isRefusal(error) ? 'refused' : 'failed';
    }
  }
}

/** The state does not know that the day is written so far, or can let it go now. */
function isNews(ledger: Ledger, day: string, revision: number): boolean {
  const totals = ledger.tables.days.get(day);
  if (totals === undefined) return false;
  if ((ledger.writtenDays.get(day) ?? 0) < revision) return true;
  return totals.changedAt <= revision && isDayClosed(ledger, day);
}
