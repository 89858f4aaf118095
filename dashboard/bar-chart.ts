import type UPlot from 'uplot';
import { fill, h, setText } from './dom.js';
import { Amounts } from './format.js';

declare const uPlot: typeof UPlot;

export interface Bar {
  /** Under the bar. */
  readonly label: string;
  /** Read out and shown for a bar that is pointed at. */
  readonly text: string;
  readonly total: number;
  readonly presumed: number;
  /** The cap in force on this bar alone. */
  readonly cap?: number;
}

export interface ReferenceLine {
  readonly name: 'least' | 'most';
  readonly amount: number;
}

export interface BarChartOptions {
  readonly label: string;
  /** A bar was chosen by a click or Enter. */
  readonly choose?: (index: number) => void;
}

const HEIGHT = 220;

/** Bars over time, with lines to measure them by. */
export class BarChart {
  readonly element: HTMLElement;
  private readonly box = h('div', { class: 'chart-box' });
  private readonly readout = h('p', { class: 'readout', role: 'status', 'aria-live': 'polite' });
  private plot: UPlot | undefined;
  private shape = '';
  private bars: readonly Bar[] = [];
  private lines: readonly ReferenceLine[] = [];
  private at = -1;
  private amounts = new Amounts('tokens');
  private readonly hint: string;

  constructor(private readonly options: BarChartOptions) {
    const keys = 'Point at a bar, or read them with the arrow keys';
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

  update(bars: readonly Bar[], lines: readonly ReferenceLine[], amounts: Amounts): void {
    this.amounts = amounts;
    this.bars = bars;
    this.lines = lines;
    const shape = bars.map(({ label }) => label).join('|');
    const data: UPlot.AlignedData = [
      bars.map((_, at) => at),
      bars.map(({ total }) => total),
      bars.map(({ total, presumed }) => Math.max(0, total - presumed)),
    ];
    if (this.plot !== undefined && shape === this.shape) this.plot.setData(data);
    else this.make(data);
    this.shape = shape;
  }

  private make(data: UPlot.AlignedData): void {
    this.plot?.destroy();
    fill(this.box);
    const bars = uPlot.paths.bars?.({ size: [0.72, 48], radius: 0.12 });
    const series = (color: string): UPlot.Series => ({
      ...{ fill: () => colour(color), width: 0, points: { show: false } },
      ...(bars === undefined ? {} : { paths: bars }),
    });
    const options: UPlot.Options = {
      ...{ width: Math.max(200, this.box.clientWidth), height: HEIGHT, padding: [12, 8, 0, 0] },
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
      scales: {
        x: { time: false, range: (_, low, high) => [low - 0.6, high + 0.6] },
        y: { range: () => this.range() },
      },
      axes: [
        {
          ...axis(),
          size: 30,
          values: (_, splits) => splits.map((at) => this.bars[at]?.label ?? ''),
          incrs: [1, 2, 3, 4, 6, 7, 12],
        },
        { ...axis(), size: 54, values: (_, splits) => splits.map((at) => this.amounts.short(at)) },
      ],
      series: [{}, series('--presumed'), series('--used')],
      hooks: {
        draw: [(plot) => this.drawLines(plot)],
        setCursor: [(plot) => this.point(plot.cursor.idx ?? -1)],
        ready: [(plot) => plot.over.addEventListener('click', () => this.choose())],
      },
    };
    this.plot = new uPlot(options, data, this.box);
  }

  private range(): [number, number] {
    const amounts = [...this.bars.map(({ total }) => total), ...this.lines.map(({ amount }) => amount)];
    return [0, Math.max(1, ...amounts) * 1.08];
  }

  private drawLines(plot: UPlot): void {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    const stroke = (
      color: string,
      dash: number[],
      from: number,
      to: number,
      amount: number,
      width: number,
    ) => {
      ctx.save();
      ctx.strokeStyle = colour(color);
      ctx.lineWidth = width * ratio;
      ctx.setLineDash(dash.map((length) => length * ratio));
      const y = plot.valToPos(amount, 'y', true);
      ctx.beginPath();
      ctx.moveTo(from, y);
      ctx.lineTo(to, y);
      ctx.stroke();
      ctx.restore();
    };
    for (const { name, amount } of this.lines) {
      stroke(`--${name}`, name === 'most' ? [] : [5, 4], bbox.left, bbox.left + bbox.width, amount, 1.5);
    }
    this.bars.forEach(({ cap }, at) => {
      if (cap === undefined) return;
      const [from, to] = [plot.valToPos(at - 0.5, 'x', true), plot.valToPos(at + 0.5, 'x', true)];
      stroke('--cap', [], from, to, cap, 3.5);
    });
  }

  private point(at: number): void {
    if (at === this.at) return;
    this.at = at;
    setText(this.readout, this.bars[at]?.text ?? this.hint);
  }

  private choose(): void {
    if (this.bars[this.at] !== undefined) this.options.choose?.(this.at);
  }

  private key(event: KeyboardEvent): void {
    const last = this.bars.length - 1;
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
    this.plot.setCursor({ left: this.plot.valToPos(to, 'x'), top: HEIGHT / 2 });
  }

  private resize(): void {
    const width = this.box.clientWidth;
    if (this.plot !== undefined && width > 0 && width !== this.plot.width)
      this.plot.setSize({ width, height: HEIGHT });
  }
}

function axis(): UPlot.Axis {
  return {
    ...{ stroke: () => colour('--muted'), font: '12px system-ui, sans-serif' },
    ...{ grid: { stroke: () => colour('--line'), width: 1 }, ticks: { show: false } },
  };
}

/** Looked up at each drawing: the colours follow light and dark. */
function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
