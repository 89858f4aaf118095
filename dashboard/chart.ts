import type UPlot from 'uplot';
import { fill, h, setText } from './dom.js';

declare const uPlot: typeof UPlot;

export interface ChartOptions {
  readonly label: string;
  /** What can be pointed at: `bar`, `day`. */
  readonly stop: string;
  /** A stop was chosen by a click or Enter. */
  readonly choose?: (index: number) => void;
  readonly height?: number;
}

const HEIGHT = 220;

/**
 * What all charts share: one stop of the keyboard with arrows inside, a line that reads out what is pointed at, and colours that
 * follow light and dark.
 */
export class Chart {
  readonly element: HTMLElement;
  private readonly box = h('div', { class: 'chart-box' });
  private readonly readout = h('p', { class: 'readout', role: 'status', 'aria-live': 'polite' });
  private readonly hint: string;
  private readonly height: number;
  private plot: UPlot | undefined;
  private shape = '';
  private at = -1;
  private texts: readonly string[] = [];

  constructor(private readonly options: ChartOptions) {
    this.height = options.height ?? HEIGHT;
    this.box.style.minHeight = `${this.height}px`;
    const keys = `Point at a ${options.stop}, or read them with the arrow keys`;
    this.hint = options.choose ? `${keys}; a click or Enter opens the day.` : `${keys}.`;
    setText(this.readout, this.hint);
    const canvas = h(
      'div',
      {
        ...{ class: 'chart', tabindex: 0, role: 'group', 'aria-label': `${options.label}. ${this.hint}` },
        onkeydown: (event: Event) => this.key(event as KeyboardEvent),
      },
      this.box,
    );
    this.element = h('div', {}, canvas, this.readout);
    new ResizeObserver(() => this.resize()).observe(this.box);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.plot?.redraw());
  }

  /** `texts`: what is read out, by stop. `shape`: of another one the chart is made anew. */
  update(texts: readonly string[], shape: string, data: UPlot.AlignedData, make: () => PlotOptions): void {
    this.texts = texts;
    if (this.plot !== undefined && shape === this.shape) this.plot.setData(data);
    else this.make(data, make());
    this.shape = shape;
    if (this.at >= 0) setText(this.readout, texts[this.at] ?? this.hint);
  }

  private make(data: UPlot.AlignedData, { hooks = {}, ...more }: PlotOptions): void {
    this.plot?.destroy();
    fill(this.box);
    const options: UPlot.Options = {
      ...{ width: Math.max(200, this.box.clientWidth), height: this.height, padding: [14, 8, 0, 0] },
      ...{ legend: { show: false }, ...more },
      cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
      hooks: {
        ...hooks,
        setCursor: [(plot) => this.point(plot.cursor.idx ?? -1)],
        ready: [(plot) => plot.over.addEventListener('click', () => this.choose())],
      },
    };
    this.plot = new uPlot(options, data, this.box);
  }

  private point(at: number): void {
    if (at === this.at) return;
    this.at = at;
    setText(this.readout, this.texts[at] ?? this.hint);
  }

  private choose(): void {
    if (this.texts[this.at] !== undefined) this.options.choose?.(this.at);
  }

  private key(event: KeyboardEvent): void {
    const last = this.texts.length - 1;
    const moves: Readonly<Record<string, number>> = {
      ArrowLeft: Math.max(0, this.at - 1),
      ArrowRight: Math.min(last, this.at + 1),
      Home: 0,
      End: last,
    };
    const to = moves[event.key];
    if (event.key === 'Enter') this.choose();
    if (to === undefined || this.plot === undefined) return;
    event.preventDefault();
    const x = this.plot.data[0][to];
    if (x !== undefined) this.plot.setCursor({ left: this.plot.valToPos(x, 'x'), top: this.height / 2 });
  }

  private resize(): void {
    const width = this.box.clientWidth;
    if (this.plot !== undefined && width > 0 && width !== this.plot.width)
      this.plot.setSize({ width, height: this.height });
  }
}

/** What kinds of charts differ in. */
export type PlotOptions = Pick<UPlot.Options, 'scales' | 'axes' | 'series'> & {
  readonly hooks?: Pick<UPlot.Hooks.Arrays, 'draw' | 'drawClear'>;
};

export function axis(): UPlot.Axis {
  return {
    ...{ stroke: () => colour('--muted'), font: '12px system-ui, sans-serif' },
    ...{ grid: { stroke: () => colour('--line'), width: 1 }, ticks: { show: false } },
  };
}

/** Of whole amounts: there is no half a token, or half a request. */
export function amountAxis(write: (amount: number) => string): UPlot.Axis {
  return { ...axis(), size: 64, incrs: WHOLE, values: (_, splits) => splits.map(write) };
}

const WHOLE = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

/** Looked up at each drawing: the colours follow light and dark. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Draws with lengths as the page has them, whatever the screen's pixels are. */
export function drawing(plot: UPlot, draw: (ctx: CanvasRenderingContext2D, ratio: number) => void): void {
  plot.ctx.save();
  draw(plot.ctx, devicePixelRatio);
  plot.ctx.restore();
}
