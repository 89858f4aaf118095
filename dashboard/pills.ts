import type { BudgetCard } from '../src/http/dashboard/page-data.js';
import { h } from './dom.js';
import { type Amounts, percent, type ZoneTimes } from './format.js';

const GRADES = {
  UNSPECIFIED: 'Spread not graded yet',
  GOOD: 'Spread good',
  FAIR: 'Spread fair',
  POOR: 'Spread poor',
} as const;

/** What is to be known beside the headline, in words; colour only repeats them. */
export function pills({ status, observing, grade, openAlerts }: BudgetCard): HTMLElement {
  return h(
    'p',
    { class: 'pills' },
    status !== 'NORMAL' && h('span', { class: `pill ${status.toLowerCase()}` }, THRESHOLDS[status]),
    observing && h('span', { class: 'pill observing' }, 'Observing: denies nothing'),
    h('span', { class: `pill grade-${grade.toLowerCase()}` }, GRADES[grade]),
    openAlerts > 0 &&
      h('span', { class: 'pill alerts' }, `${openAlerts} ${openAlerts === 1 ? 'alert' : 'alerts'}`),
  );
}

const THRESHOLDS = {
  WARNING: 'Above the warning',
  CRITICAL: 'Above critical',
  EMERGENCY: 'At the emergency limit',
} as const;

/** Against the line on which every hour of the month is used alike. */
export function paceText({ evenTokens, windows }: BudgetCard, amounts: Amounts): string {
  const spent = windows.find(({ kind }) => kind === 'MONTH')?.spent ?? 0;
  const away = spent - evenTokens;
  if (evenTokens === 0 || Math.abs(away) < evenTokens / 100) return 'on the even line';
  const off = percent(Math.round((Math.abs(away) / evenTokens) * 100));
  return `${off} ${away > 0 ? 'ahead of' : 'behind'} the even line (${amounts.text(evenTokens)} by now)`;
}

export function projectionText({ projectedMonthTokens, enforced }: BudgetCard, amounts: Amounts): string {
  return `${amounts.text(projectedMonthTokens)} of ${amounts.text(enforced)}`;
}

export function exhaustionText({ exhaustedAt }: BudgetCard, times: ZoneTimes): string {
  return exhaustedAt === undefined ? 'not this month' : times.moment(exhaustedAt);
}
