import { createHash } from 'node:crypto';
import type { Receipt, StoredState, UsageDay } from '../domain/model/state.js';
import type { BudgetSink } from './read-budget.js';

/** What a budget's parts come to, whatever store they are read from. */
export class BudgetDigest implements BudgetSink {
  private readonly receiptHash = createHash('sha256');
  /** Stores list days of several epochs in different orders. */
  private readonly dayTexts: string[] = [];
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

  async state(state: StoredState): Promise<void> {
    this.stateText = canonical(state);
  }

  get dayCount(): number {
    return this.dayTexts.length;
  }

  get value(): string {
    const parts = [this.stateText, ...this.dayTexts.toSorted(), this.receiptHash.copy().digest('hex')];
    return createHash('sha256').update(parts.join('\n')).digest('hex');
  }
}

/** One text for one value: maps and objects by sorted keys, without what is undefined. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return `{${entries
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(String(key))}:${canonical(inner)}`)
    .join()}}`;
}
