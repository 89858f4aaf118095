import type { WindowData } from '../src/http/dashboard/page-data.js';
import { putAmounts } from './amount-text.js';
import { fill, h, setShare } from './dom.js';
import { type Amounts, share } from './format.js';

export const WINDOW_NAMES = { MONTH: 'Month', DAY: 'Today', HOUR: 'This hour' } as const;

interface Part {
  readonly name: 'used' | 'presumed' | 'reserved' | 'kept';
  readonly label: string;
  readonly amount: number;
}

function partsOf({ kind, spent, presumed, reserved, kept }: WindowData): Part[] {
  return [
    { name: 'used', label: 'spent', amount: Math.max(0, spent - presumed) },
    { name: 'presumed', label: 'presumed', amount: presumed },
    { name: 'reserved', label: 'reserved', amount: reserved },
    { name: 'kept', label: kind === 'MONTH' ? 'kept for later days' : 'kept for teams', amount: kept },
  ];
}

/** One window against its cap: a bar, and the same in words. */
export class Meter {
  readonly element: HTMLElement;
  private readonly figure = h('span', { class: 'meter-figure' });
  private readonly bar = h('div', { class: 'meter-bar', 'aria-hidden': 'true' });
  private readonly detail = h('p', { class: 'meter-detail' });

  constructor(kind: WindowData['kind']) {
    const name = h('span', { class: 'meter-name' }, WINDOW_NAMES[kind]);
    this.element = h(
      'div',
      { class: 'meter' },
      h('div', { class: 'meter-head' }, name, this.figure),
      this.bar,
      this.detail,
    );
  }

  /** `even`: what would be spent by now if every hour were used alike. */
  update(data: WindowData, amounts: Amounts, even?: number): void {
    const { spent, reserved, cap, available, loweredBy, ceiling, kept } = data;
    const used = spent + reserved;
    const sign = { full: '■ ', amber: '▲ ', fine: '' }[levelOf(used, cap)];
    putAmounts(this.figure, (text) => `${sign}${text(used)} of ${text(cap)} · ${share(used, cap)}`, amounts);
    const scale = Math.max(cap, used, 1);
    const parts = partsOf(data).filter(({ amount }) => amount > 0);
    fill(
      this.bar,
      ...parts.map(({ name, amount }) => placed('part', name, amount / scale)),
      used > cap && placed('above', 'to-the-end', cap / scale),
      even !== undefined && even > 0 && placed('even', 'from-the-start', even / scale),
    );
    const level = levelOf(used, cap);
    this.element.classList.toggle('full', level === 'full');
    this.element.classList.toggle('amber', level === 'amber');
    const why = (text: (amount: number) => string) =>
      loweredBy === undefined ? '' : ` Cap lowered from ${text(ceiling)}: ${loweredBy}.`;
    const above = (text: (amount: number) => string) =>
      used > cap ? `, ${text(used - cap)} above the cap` : '';
    putAmounts(
      this.detail,
      (text) => {
        const told = parts.map(({ label, amount }) => `${text(amount)} ${label}`);
        const free = `${text(Math.max(0, available - kept))} free`;
        return `${[...told, free].join(', ')}${above(text)}.${why(text)}`;
      },
      amounts,
    );
  }
}

/** Amber from 80 percent on, red from 100. */
export function levelOf(used: number, cap: number): 'fine' | 'amber' | 'full' {
  if (used >= cap) return 'full';
  return used >= cap * 0.8 ? 'amber' : 'fine';
}

function placed(kind: 'part' | 'above' | 'even', name: string, part: number): HTMLElement {
  const element = h('span', { class: `${kind} ${name}` });
  if (kind === 'part') setShare(element, part);
  else element.style.left = `${Math.max(0, Math.min(1, part)) * 100}%`;
  return element;
}

/** What the colours of the bars mean. */
export function meterLegend(): HTMLElement {
  const entries = [
    ['used', 'spent'],
    ['presumed', 'presumed spent (by leases that expired)'],
    ['reserved', 'reserved by live leases'],
    ['kept', 'kept: for later days, or for teams that are guaranteed a part'],
    ['line-even', 'where an even month would be by now'],
    ['over', 'above the cap'],
  ] as const;
  return legend(entries);
}

export function legend(entries: readonly (readonly [string, string])[]): HTMLElement {
  const items = entries.map(([name, text]) => h('li', {}, h('span', { class: `swatch ${name}` }), text));
  return h('ul', { class: 'legend' }, ...items);
}
