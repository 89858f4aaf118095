import type { ArbiterObserver, BudgetObserver } from '../arbiter/observer.js';
import type { BudgetEvent } from '../domain/model/events.js';
import type { Outcome } from '../domain/model/outcomes.js';
import type { AcquireRequest, BudgetRequest } from '../domain/model/requests.js';
import type { LeaseView, TokenCounts } from '../domain/model/types.js';
import { type AskedSlot, MICROS_PER_MS, type TraceEntry } from './trace.js';
import { traceLine } from './write-trace.js';

/** What was asked and is not settled yet may keep so many later lines from being written. */
const MOST_HELD = 100_000;

/** A line that is written once it is settled, and all before it are. */
interface Row {
  entry: TraceEntry;
  settled: boolean;
  /** Of one that waits: from then on it has been answered, or its caller has gone. */
  readonly untilMs?: number;
  grantedAt?: number;
  /** Under which it waits for its end, and when that is at the latest. */
  fence?: number;
  expiresAt?: number;
}

type Slot = Row & { entry: AskedSlot };

/**
 * Writes every request for a slot as it was asked, denied ones too, in the order in which they were decided. Of several within one
 * millisecond each has a microsecond of its own, so that a replay decides them in this order.
 */
export class TraceRecorder implements ArbiterObserver {
  constructor(private readonly write: (line: string) => void) {}

  private readonly budgets: BudgetRecorder[] = [];

  budget(budgetId: string): BudgetObserver {
    const recorder = new BudgetRecorder(budgetId, this.write);
    this.budgets.push(recorder);
    return recorder;
  }

  /** Slots that are held still are written as if they were held until they run out. */
  end(): void {
    for (const budget of this.budgets) budget.end();
  }
}

class BudgetRecorder implements BudgetObserver {
  private readonly rows: Row[] = [];
  private readonly waiting = new Map<AcquireRequest, Slot>();
  private readonly held = new Map<number, Slot>();
  private last = 0;

  constructor(
    private readonly budgetId: string,
    private readonly write: (line: string) => void,
  ) {}

  decided(request: BudgetRequest, outcome: Outcome, at: number): void {
    if (request.kind === 'acquire') this.asked(request, outcome, at);
    else if (outcome.kind === 'released' && request.kind === 'release' && !outcome.replayed)
      this.gaveBack(request.lease.fence, outcome.usedTokens, at, request.usage?.model);
    else if (outcome.kind === 'renewed') this.noteEnd(outcome.lease);
    else if (outcome.kind === 'recorded' && request.kind === 'record')
      this.noteModel(request.lease.fence, request.usage.model);
    else if (outcome.kind === 'recorded' && request.kind === 'record-unleased' && !outcome.replayed)
      this.spent(request.aiId, request.usage.model, outcome.chargedTokens, at);
    else if (outcome.kind === 'budget' && request.kind === 'put-policy' && !request.validateOnly)
      this.put({ kind: 'policy', at: this.moment(at), fields: outcome.budget.policyFields }, true);
    this.flush(at);
  }

  waits(request: AcquireRequest, waitMs: number, at: number): void {
    const row = this.put({ ...this.slotOf(request, at), waitMs }, false, at + waitMs) as Slot;
    this.waiting.set(request, row);
  }

  happened(events: readonly BudgetEvent[]): void {
    for (const event of events) {
      if (event.kind !== 'expired' && event.kind !== 'revoked') continue;
      const { lease } = event;
      const end = event.kind === 'expired' ? lease.expiresAt : event.at;
      this.ended(lease, end);
    }
  }

  batch(): void {}
  committed(): void {}
  lostRace(): void {}
  unknownOutcome(): void {}

  end(): void {
    for (const row of this.rows) this.giveUp(row);
    this.flush(Number.POSITIVE_INFINITY);
  }

  private asked(request: AcquireRequest, outcome: Outcome, at: number): void {
    if (outcome.kind !== 'granted' && outcome.kind !== 'denied') return;
    if (outcome.kind === 'granted' && outcome.replayed) return;
    const known = this.waiting.get(request);
    this.waiting.delete(request);
    const row = known ?? (this.put(this.slotOf(request, at), false) as Slot);
    row.entry = { ...row.entry, recorded: outcome.kind };
    if (outcome.kind === 'denied') {
      row.settled = true;
      return;
    }
    const { fence, reservedTokens } = outcome.lease;
    row.grantedAt = known === undefined ? row.entry.at : this.moment(at);
    row.fence = fence;
    row.expiresAt = outcome.lease.expiresAt;
    row.entry = { ...row.entry, tokens: reservedTokens };
    this.held.set(fence, row);
  }

  private slotOf(request: AcquireRequest, at: number): AskedSlot {
    const { aiId, model = '', estimatedTokens, expected, atLeastTokens } = request;
    const estimate = estimatedTokens ?? (expected && sumOf(expected));
    return {
      ...{ kind: 'slot', at: this.moment(at), aiId, model, took: 0, waitMs: 0 },
      ...(estimate !== undefined && { estimate }),
      ...(atLeastTokens !== undefined && { atLeast: atLeastTokens }),
    };
  }

  private gaveBack(fence: number, tokens: number, at: number, model = ''): void {
    const row = this.held.get(fence);
    if (row === undefined) return;
    this.noteModel(fence, model);
    const end = this.moment(at);
    row.entry = { ...row.entry, tokens, took: end - (row.grantedAt ?? end) };
    this.settle(row);
  }

  /** What is presumed of it counts as used. */
  private ended({ fence, usedTokens, presumedTokens }: LeaseView, end: number): void {
    const row = this.held.get(fence);
    if (row === undefined) return;
    row.entry = { ...row.entry, tokens: usedTokens + presumedTokens };
    this.heldUntil(row, end);
    this.settle(row);
  }

  /** Nothing more that happens to it is waited for. */
  private giveUp(row: Row): void {
    const held = row.fence === undefined ? undefined : this.held.get(row.fence);
    if (held !== undefined) this.heldUntil(held, held.expiresAt ?? 0);
    this.settle(row);
  }

  private heldUntil(row: Slot, end: number): void {
    const took = Math.max(0, end * MICROS_PER_MS - (row.grantedAt ?? 0));
    row.entry = { ...row.entry, took };
  }

  private noteEnd({ fence, expiresAt }: LeaseView): void {
    const row = this.held.get(fence);
    if (row !== undefined) row.expiresAt = expiresAt;
  }

  private noteModel(fence: number, model: string): void {
    const row = this.held.get(fence);
    if (row === undefined || model === '' || model === row.entry.model) return;
    row.entry = { ...row.entry, usedModel: model };
  }

  private spent(aiId: string, model: string, tokens: number, at: number): void {
    this.put({ kind: 'unleased', at: this.moment(at), aiId, model, tokens }, true);
  }

  private put(entry: TraceEntry, settled: boolean, untilMs?: number): Row {
    const row = { entry, settled, ...(untilMs !== undefined && { untilMs }) };
    this.rows.push(row);
    return row;
  }

  private settle(row: Row): void {
    row.settled = true;
    if (row.fence !== undefined) this.held.delete(row.fence);
  }

  /** Later than all before, within the same millisecond if need be. */
  private moment(at: number): number {
    this.last = Math.max(at * MICROS_PER_MS, this.last + 1);
    return this.last;
  }

  private flush(at: number): void {
    let written = 0;
    for (const row of this.rows) {
      const gone = row.grantedAt === undefined && row.untilMs !== undefined && row.untilMs + 1_000 < at;
      if (!row.settled && !gone && this.rows.length - written <= MOST_HELD) break;
      this.giveUp(row);
      this.write(traceLine(row.entry, this.budgetId));
      written += 1;
    }
    if (written > 0) this.rows.splice(0, written);
  }
}

function sumOf({ input, output, cacheRead, cacheWrite, reasoning, total }: TokenCounts): number {
  return input + output + cacheRead + cacheWrite + reasoning + total;
}
