import type { DayData, MonthData } from '../src/http/dashboard/page-data.js';
import { fill, h, hidden } from './dom.js';
import { type Amounts, share, type ZoneTimes } from './format.js';

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const LEVELS = 5;

/** The month by days and hours of the clock. Itself a table, so it is read as one; its days are one stop of the keyboard. */
export class HeatMap {
  readonly element: HTMLElement;
  private readonly body = h('tbody', { onkeydown: (event) => this.key(event as KeyboardEvent) });
  private readonly note = h('p', { class: 'note' });
  private shown = '';
  private opens: readonly HTMLButtonElement[] = [];

  constructor(private readonly choose: (day: string) => void) {
    const heads = HOURS.map((hour) =>
      h('th', { scope: 'col' }, h('span', { class: hour % 6 === 0 ? '' : 'unseen' }, String(hour))),
    );
    const table = h(
      'table',
      { class: 'heat' },
      h('caption', { class: 'unseen' }, 'Usage by day and hour'),
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, hidden('Day')), ...heads)),
      this.body,
    );
    const steps = Array.from({ length: LEVELS + 1 }, (_, level) =>
      h('span', { class: `heat-step level-${level}` }),
    );
    const scale = h(
      'p',
      { class: 'heat-scale', 'aria-hidden': 'true' },
      'none',
      ...steps,
      'the hour’s limit or more',
    );
    const region = { class: 'scroll', role: 'region', 'aria-label': 'Calendar of hours' };
    this.element = h('div', {}, h('div', region, table), scale, this.note);
  }

  update({ limits }: MonthData, days: readonly DayData[], times: ZoneTimes, amounts: Amounts): void {
    const text = JSON.stringify([days.map(({ day, hours }) => [day, hours]), limits.hourlyMax, amounts.unit]);
    if (text === this.shown) return;
    this.shown = text;
    const focused = this.opens.indexOf(document.activeElement as HTMLButtonElement);
    const stop = Math.max(
      0,
      this.opens.findIndex(({ tabIndex }) => tabIndex === 0),
    );
    const rows = days.map((day) => this.row(day, limits.hourlyMax, times, amounts));
    this.opens = rows.map(({ open }) => open);
    fill(this.body, ...rows.map(({ row }) => row));
    this.stopAt(Math.min(stop, days.length - 1));
    this.opens[focused]?.focus({ preventScroll: true });
    const most = days.flatMap(({ day, hours }) => hours.map((hour) => ({ day, ...hour })));
    const [busiest] = most.sort((a, b) => b.tokens - a.tokens);
    const told =
      busiest === undefined
        ? 'No usage in this month.'
        : `The busiest hour: ${times.moment(busiest.start)}, ${amounts.told(busiest.tokens)}, ` +
          `${share(busiest.tokens, limits.hourlyMax)} of the hour’s limit of ${amounts.text(limits.hourlyMax)}.`;
    fill(this.note, told);
  }

  private row(
    { day, start, hours }: DayData,
    limit: number,
    times: ZoneTimes,
    amounts: Amounts,
  ): { readonly row: HTMLElement; readonly open: HTMLButtonElement } {
    const byHour = new Map<number, number>();
    // An hour that the clock repeats stands in one cell.
    for (const { start: at, tokens: amount } of hours) {
      const hour = times.hour(at);
      byHour.set(hour, (byHour.get(hour) ?? 0) + amount);
    }
    const name = times.day(start);
    const open = h('button', { type: 'button', class: 'day', onclick: () => this.choose(day) }, name);
    const cells = HOURS.map((hour) => {
      const amount = byHour.get(hour) ?? 0;
      const title = `${name}, ${hour}:00: ${amounts.told(amount)}`;
      return h('td', { class: `level-${level(amount, limit)}`, title }, hidden(amounts.text(amount)));
    });
    return { row: h('tr', {}, h('th', { scope: 'row' }, open), ...cells), open };
  }

  private stopAt(index: number): void {
    for (const [at, open] of this.opens.entries()) open.tabIndex = at === index ? 0 : -1;
  }

  private key(event: KeyboardEvent): void {
    const at = this.opens.indexOf(document.activeElement as HTMLButtonElement);
    const last = this.opens.length - 1;
    const moves: Readonly<Record<string, number>> = {
      ...{ ArrowUp: Math.max(0, at - 1), ArrowDown: Math.min(last, at + 1), Home: 0, End: last },
    };
    const to = moves[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    this.stopAt(to);
    this.opens[to]?.focus();
  }
}

function level(amount: number, limit: number): number {
  if (amount <= 0) return 0;
  return Math.max(1, Math.min(LEVELS, Math.ceil((amount / Math.max(1, limit)) * LEVELS)));
}
