import { createHash } from 'node:crypto';
import type { DenialRecord, DenialWrite } from '../domain/denials/records.js';
import type { StoredChange } from '../domain/model/changes.js';
import {
  type Receipt,
  SECTIONS,
  type SectionPut,
  type StatePatch,
  type StoredState,
  type UsageDay,
} from '../domain/model/state.js';
import { StartError } from '../platform/start-error.js';
import { StoreError } from '../store/store.js';
import type { TransferStore } from '../store/transfer-store.js';
import { type BudgetSink, readBudget } from './read-budget.js';

const TRIES = 5;

/** Copies one budget; its state comes last, so that a budget that has one is there whole. */
export async function copyBudget(
  source: TransferStore,
  target: TransferStore,
  budgetId: string,
  beside?: () => BudgetSink,
): Promise<BudgetSink | undefined> {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const watcher = beside?.();
    const sink = tee(writing(target, budgetId), watcher);
    if (await readBudget(source, budgetId, sink)) return watcher;
  }
  throw new StartError(
    `the closed days of budget ${budgetId} are being changed all the time: try again later`,
  );
}

function writing(target: TransferStore, budgetId: string): BudgetSink {
  return {
    days: (days) => target.writeDays(days),
    receipts: (receipts) => target.writeReceipts(budgetId, receipts),
    denials: (denials) => target.writeDenials(denials.map(wholeRecord)),
    changes: (changes) => target.writeChanges(budgetId, changes),
    state: (state) => create(target, budgetId, state),
  };
}

/** A commit whose outcome is not known was made if the version is there. */
async function create(target: TransferStore, budgetId: string, state: StoredState): Promise<void> {
  const { epoch, revision } = state.head;
  const outcome = await target.commit(budgetId, undefined, wholePatch(state)).catch((error: unknown) => {
    if (error instanceof StoreError && error.failure === 'unknown') return 'lost' as const;
    throw error;
  });
  if (outcome === 'won') return;
  const found = await target.version(budgetId);
  if (found?.epoch === epoch && found.revision === revision) return;
  throw new StartError(
    `budget ${budgetId} could not be written to ${target.place}: run the same command again`,
  );
}

export function wholePatch({ head, sections }: StoredState): StatePatch {
  const puts = SECTIONS.flatMap((section) => {
    const entries: ReadonlyMap<string, SectionPut['value']> = sections[section];
    return Array.from(entries, ([key, value]) => ({ section, key, value }));
  });
  return { head, resets: [], puts, drops: [] };
}

/** As one write that names all of its AIs. */
export function wholeRecord({ ais, ...head }: DenialRecord): DenialWrite {
  return { head, ais, gone: [] };
}

function tee(first: BudgetSink, second: BudgetSink | undefined): BudgetSink {
  if (second === undefined) return first;
  return {
    days: async (days) => void (await Promise.all([first.days(days), second.days(days)])),
    receipts: async (receipts) =>
      void (await Promise.all([first.receipts(receipts), second.receipts(receipts)])),
    denials: async (denials) => void (await Promise.all([first.denials(denials), second.denials(denials)])),
    changes: async (changes) => void (await Promise.all([first.changes(changes), second.changes(changes)])),
    state: async (state) => void (await Promise.all([first.state(state), second.state(state)])),
  };
}

/** What a budget's parts come to, whatever store they are read from. */
export class BudgetDigest implements BudgetSink {
  private readonly receiptHash = createHash('sha256');
  /** Stores list days of several epochs in different orders. */
  private readonly dayTexts: string[] = [];
  private readonly denialTexts: string[] = [];
  private changesText = '';
  private stateText = '';
  receiptCount = 0;

  /** Older receipts may be tidied away by either store at any moment. */
  constructor(private readonly receiptsFrom: number) {}

  async days(days: readonly UsageDay[]): Promise<void> {
    this.dayTexts.push(...days.map(canonical));
  }

  async receipts(receipts: readonly Receipt[]): Promise<void> {
    for (const receipt of receipts) {
      if (receipt.at < this.receiptsFrom) continue;
      this.receiptCount += 1;
      this.receiptHash.update(canonical(receipt));
    }
  }

  async denials(denials: readonly DenialRecord[]): Promise<void> {
    this.denialTexts.push(...denials.map(canonical));
  }

  async changes(changes: readonly StoredChange[]): Promise<void> {
    this.changesText = canonical(changes);
  }

  async state(state: StoredState): Promise<void> {
    this.stateText = canonical(state);
  }

  get dayCount(): number {
    return this.dayTexts.length;
  }

  get value(): string {
    const others = [...this.dayTexts.toSorted(), ...this.denialTexts.toSorted()];
    const parts = [this.stateText, this.changesText, ...others, this.receiptHash.copy().digest('hex')];
    return createHash('sha256').update(parts.join('\n')).digest('hex');
  }
}

/** One text for one value: maps and objects by sorted keys, without what is undefined. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return `{${entries
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(String(key))}:${canonical(inner)}`)
    .join()}}`;
}
