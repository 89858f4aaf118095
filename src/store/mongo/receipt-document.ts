import type { Receipt } from '../../domain/model/state.js';
import { packReceipt, unpackReceipt } from './stored-values.js';

/** `at` is a date, since a TTL index removes the document by it. `_id` carries the budget, as that of usage does. */
export interface ReceiptDocument extends Omit<Receipt, 'id' | 'at'> {
  readonly _id: string;
  readonly budget: string;
  readonly at: Date;
}

/** No budget id has a colon. */
export function receiptDocumentId(budgetId: string, id: string): string {
  return `${budgetId}:${id}`;
}

export function receiptDocument(budgetId: string, { id, at, ...receipt }: Receipt): ReceiptDocument {
  return {
    _id: receiptDocumentId(budgetId, id),
    budget: budgetId,
    at: new Date(at),
    ...packReceipt(receipt),
  };
}

export function receiptOf({ _id, budget, at, ...receipt }: ReceiptDocument): Receipt {
  return { id: _id.slice(budget.length + 1), at: at.getTime(), ...unpackReceipt(receipt) };
}
