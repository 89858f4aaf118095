import type { BudgetCard, WindowData } from '../src/http/dashboard/page-data.js';
import { addressOf, budgetPath } from './address.js';
import { amountColumn } from './amount-column.js';
import { type Column, DataTable } from './data-table.js';
import { h, setShare } from './dom.js';
import { Amounts, share, words, ZoneTimes } from './format.js';
import { headlineCell } from './headline.js';
import { levelOf } from './meter.js';
import { exhaustionText } from './pills.js';

/** Many budgets, a line each. */
export function overviewTable(): DataTable<BudgetCard> {
  return new DataTable({
    ...{ caption: 'All budgets', file: 'budgets', columns: COLUMNS, empty: 'There is no budget.' },
    ...{ key: ({ budgetId }: BudgetCard) => budgetId, stack: true, dense: true },
  });
}

function windowOf(card: BudgetCard, kind: WindowData['kind']): WindowData | undefined {
  return card.windows.find((window) => window.kind === kind);
}

function used(card: BudgetCard, kind: WindowData['kind']): number {
  const window = windowOf(card, kind);
  return window === undefined ? 0 : window.spent + window.reserved;
}

/** A share as a small bar, and in digits. */
function shareColumn(title: string, kind: WindowData['kind']): Column<BudgetCard> {
  const capOf = (card: BudgetCard) => windowOf(card, kind)?.cap ?? 0;
  return {
    title,
    number: true,
    value: (card) => (capOf(card) === 0 ? 0 : Math.round((1_000 * used(card, kind)) / capOf(card)) / 10),
    show: (card) => {
      const [amount, cap] = [used(card, kind), capOf(card)];
      const bar = h('span', { class: 'name-bar' });
      setShare(bar, cap === 0 ? 0 : amount / cap);
      const amounts = new Amounts(card.unit);
      const title = `${amounts.toldExactly(amount)} of ${amounts.exact(cap)}`;
      return h(
        'span',
        { class: `name-share ${levelOf(amount, cap)}`, title },
        h('span', { class: 'name-track', 'aria-hidden': 'true' }, bar),
        share(amount, cap),
      );
    },
  };
}

const COLUMNS: readonly Column<BudgetCard>[] = [
  {
    title: 'Budget',
    value: ({ budgetId }) => budgetId,
    show: ({ budgetId }) => h('a', { href: addressOf(budgetPath(budgetId)) }, budgetId),
  },
  { title: 'Status', long: true, value: ({ headline }) => headline.text, show: headlineCell },
  shareColumn('Month %', 'MONTH'),
  shareColumn('Today %', 'DAY'),
  shareColumn('Hour %', 'HOUR'),
  ofCard('Spent', (card) => used(card, 'MONTH')),
  ofCard('Of', (card) => windowOf(card, 'MONTH')?.cap),
  ofCard('Forecast', (card) => card.projectedMonthTokens),
  { title: 'Used up', value: (card) => exhaustionText(card, new ZoneTimes(card.zone)) },
  {
    title: 'Slots',
    number: true,
    value: ({ liveSlots }) => liveSlots,
    show: ({ liveSlots, maxConcurrent, waiters }) =>
      `${liveSlots} of ${maxConcurrent}${waiters > 0 ? `, ${waiters} waiting` : ''}`,
  },
  { title: 'Unit', onPaperOnly: true, value: ({ unit }) => unit },
  { title: 'Paused', onPaperOnly: true, value: ({ paused }) => (paused ? 'yes' : 'no') },
  { title: 'Spread', onPaperOnly: true, value: ({ grade }) => (grade === 'UNSPECIFIED' ? '' : words(grade)) },
  ...(['MONTH', 'DAY', 'HOUR'] as const).flatMap((kind) => [
    onPaper(`${words(kind)} spent`, (card) => windowOf(card, kind)?.spent),
    onPaper(`${words(kind)} reserved`, (card) => windowOf(card, kind)?.reserved),
    onPaper(`${words(kind)} cap`, (card) => windowOf(card, kind)?.cap),
  ]),
];

function onPaper(...column: Parameters<typeof ofCard>): Column<BudgetCard> {
  return { ...ofCard(...column), onPaperOnly: true };
}

function ofCard(title: string, value: (card: BudgetCard) => number | undefined): Column<BudgetCard> {
  return amountColumn((card) => new Amounts(card?.unit ?? 'tokens'), value, title);
}
