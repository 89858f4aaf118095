import { amountText } from './amount-text.js';
import type { Column } from './data-table.js';
import type { Amounts } from './format.js';

/** Amounts in the unit of their row. Without a title of its own, that is what those of one budget count: `Tokens`, or a currency. */
export function amountColumn<T>(
  amounts: (row?: T) => Amounts,
  amount: (row: T) => number | undefined,
  title?: string,
): Column<T> {
  return {
    title: title ?? (() => amounts().title),
    number: true,
    value: (row) => amounts(row).plain(amount(row)),
    show: (row) => amountText(amounts(row), amount(row)),
  };
}
