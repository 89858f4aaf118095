import type { WindowData } from '../src/http/dashboard/page-data.js';
import { fill, h, setShare, setText } from './dom.js';
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

  update(data: WindowData, amounts: Amounts): void {
    const { spent, reserved, cap, available, loweredBy, ceiling, kept } = data;
    setText(
      this.figure,
      `${amounts.text(spent + reserved)} of ${amounts.text(cap)} · ${share(spent + reserved, cap)}`,
    );
    const scale = Math.max(cap, spent + reserved, 1);
    const parts = partsOf(data).filter(({ amount }) => amount > 0);
    fill(
      this.bar,
      ...parts.map(({ name, amount }) => {
        const part = h('span', { class: `part ${name}` });
        setShare(part, amount / scale);
        return part;
      }),
    );
    this.element.classList.toggle('full', spent + reserved >= cap);
    const free = available - kept;
    const told = [
      ...parts.map(({ label, amount }) => `${amounts.text(amount)} ${label}`),
      `${amounts.text(free)} free`,
    ];
    const why = loweredBy === undefined ? '' : ` Cap lowered from ${amounts.text(ceiling)}: ${loweredBy}.`;
    setText(this.detail, `${told.join(', ')}.${why}`);
  }
}

/** What the colours of the bars mean. */
export function meterLegend(): HTMLElement {
  const entries = [
    ['used', 'spent'],
    ['presumed', 'presumed spent (by leases that expired)'],
    ['reserved', 'reserved by live leases'],
    ['kept', 'kept: for later days, or for teams that are guaranteed a part'],
  ] as const;
  return legend(entries);
}

export function legend(entries: readonly (readonly [string, string])[]): HTMLElement {
  const items = entries.map(([name, text]) => h('li', {}, h('span', { class: `swatch ${name}` }), text));
  return h('ul', { class: 'legend' }, ...items);
}
