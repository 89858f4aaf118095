/** Spans of days that people ask for. */

export interface DayRange {
  readonly from: string;
  readonly to: string;
}

export type RangeName = 'today' | 'week' | 'month' | 'last-month' | 'any';

const DAY_MS = 86_400_000;

/** `today`: as the budget's zone has it. `any` is said by its days, and is a week where it is not. */
export function rangeOf(name: RangeName, today: string, { from, to }: Partial<DayRange> = {}): DayRange {
  const month = today.slice(0, 7);
  switch (name) {
    case 'today':
      return { from: today, to: today };
    case 'week':
      return { from: daysAfter(today, -6), to: today };
    case 'month':
      return { from: `${month}-01`, to: today };
    case 'last-month': {
      const last = daysAfter(`${month}-01`, -1);
      return { from: `${last.slice(0, 7)}-01`, to: last };
    }
    case 'any':
      return { from: from ?? daysAfter(today, -6), to: to ?? today };
  }
}

function daysAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}
