import type UPlot from 'uplot';
import { amountAxis, axis, Chart, type ChartOptions, colour, drawing, type PlotOptions } from './chart.js';
import { Amounts } from './format.js';

declare const uPlot: typeof UPlot;

export interface Bar {
  /** Under the bar. */
  readonly label: string;
  /** Read out and shown for a bar that is pointed at. */
  readonly text: string;
  readonly total: number;
  /** What it is made of, from the ground up; what is missing to the total is of others. */
  readonly parts: readonly number[];
  /** The cap in force on this bar alone. */
  readonly cap?: number;
  /** It is above what a bar should be, or below. */
  readonly mark?: 'above' | 'below';
  /** A day on which people rest. */
  readonly quiet?: boolean;
  /** It goes on growing. */
  readonly open?: boolean;
}

export interface ReferenceLine {
  readonly name: 'least' | 'most';
  readonly amount: number;
}

/** Bars over time, with lines to measure them by. */
export class BarChart {
  private readonly chart: Chart;
  private bars: readonly Bar[] = [];
  private lines: readonly ReferenceLine[] = [];
  private amounts = new Amounts('tokens');

  constructor(options: Omit<ChartOptions, 'stop'>) {
    this.chart = new Chart({ ...options, stop: 'bar' });
  }

  get element(): HTMLElement {
    return this.chart.element;
  }

  /** `colours`: of the parts, by the names of styles; the first is that of the rest. */
  update(
    bars: readonly Bar[],
    colours: readonly string[],
    lines: readonly ReferenceLine[],
    amounts: Amounts,
  ): void {
    this.amounts = amounts;
    this.bars = bars;
    this.lines = lines;
    const shape = [bars.map(({ label }) => label), colours].join('|');
    // Drawn over each other, the highest first: each shows what is above the next one.
    const layers = colours.slice(1).map((_, at) => bars.map(({ parts }) => sum(parts.slice(0, at + 1))));
    const data = [bars.map((_, at) => at), bars.map(({ total }) => total), ...layers.reverse()];
    this.chart.update(
      bars.map(({ text }) => text),
      shape,
      data as UPlot.AlignedData,
      () => this.plotted(colours),
    );
  }

  private plotted([rest = '', ...parts]: readonly string[]): PlotOptions {
    const bars = uPlot.paths.bars?.({ size: [0.72, 48], radius: 0.08 });
    const series = (name: string): UPlot.Series => ({
      ...{ fill: () => colour(name), width: 0, points: { show: false } },
      ...(bars === undefined ? {} : { paths: bars }),
    });
    return {
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
        amountAxis((amount) => this.amounts.short(amount)),
      ],
      series: [{}, series(rest), ...parts.reverse().map(series)],
      hooks: {
        drawClear: [(plot) => this.drawGround(plot)],
        draw: [(plot) => this.drawLines(plot), (plot) => this.drawMarks(plot)],
      },
    };
  }

  private range(): [number, number] {
    const amounts = [...this.bars.map(({ total }) => total), ...this.lines.map(({ amount }) => amount)];
    return [0, Math.max(1, ...amounts) * 1.08];
  }

  /** Behind everything: days of rest, and the one that is open. */
  private drawGround(plot: UPlot): void {
    drawing(plot, (ctx, ratio) => {
      this.bars.forEach(({ quiet, open }, at) => {
        const [from, to] = [plot.valToPos(at - 0.5, 'x', true), plot.valToPos(at + 0.5, 'x', true)];
        const { top, height } = plot.bbox;
        if (quiet) {
          ctx.fillStyle = colour('--quiet');
          ctx.fillRect(from, top, to - from, height);
        }
        if (!open) return;
        ctx.strokeStyle = colour('--muted');
        ctx.lineWidth = ratio;
        ctx.setLineDash([3 * ratio, 3 * ratio]);
        ctx.strokeRect(from, top, to - from, height);
      });
    });
  }

  private drawLines(plot: UPlot): void {
    const { left, width } = plot.bbox;
    for (const { name, amount } of this.lines) {
      const dash = name === 'most' ? [] : [5, 4];
      stroke(plot, { color: `--${name}`, dash, from: left, to: left + width, amount, width: 1.5 });
    }
    this.bars.forEach(({ cap }, at) => {
      if (cap === undefined) return;
      const [from, to] = [plot.valToPos(at - 0.5, 'x', true), plot.valToPos(at + 0.5, 'x', true)];
      stroke(plot, { color: '--cap', dash: [], from, to, amount: cap, width: 3.5 });
    });
  }

  /** A triangle that points to where the bar should not be. */
  private drawMarks(plot: UPlot): void {
    drawing(plot, (ctx, ratio) => {
      this.bars.forEach(({ mark, total }, at) => {
        if (mark === undefined) return;
        const x = plot.valToPos(at, 'x', true);
        const y = plot.valToPos(total, 'y', true) - 3 * ratio;
        const [size, up] = [4 * ratio, mark === 'above'];
        ctx.fillStyle = colour(up ? '--bad' : '--least');
        ctx.beginPath();
        ctx.moveTo(x - size, up ? y : y - size * 1.6);
        ctx.lineTo(x + size, up ? y : y - size * 1.6);
        ctx.lineTo(x, up ? y - size * 1.6 : y);
        ctx.fill();
      });
    });
  }
}

interface Stroke {
  readonly color: string;
  readonly dash: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly amount: number;
  readonly width: number;
}

function stroke(plot: UPlot, { color, dash, from, to, amount, width }: Stroke): void {
  drawing(plot, (ctx, ratio) => {
    ctx.strokeStyle = colour(color);
    ctx.lineWidth = width * ratio;
    ctx.setLineDash(dash.map((length) => length * ratio));
    const y = plot.valToPos(amount, 'y', true);
    ctx.beginPath();
    ctx.moveTo(from, y);
    ctx.lineTo(to, y);
    ctx.stroke();
  });
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
