import type UPlot from 'uplot';
import { amountAxis, axis, Chart, type ChartOptions, colour, type PlotOptions } from './chart.js';
import { Amounts } from './format.js';
import type { Line, Place } from './month-line.js';

/** What has come together by then. */
export class LineChart {
  private readonly chart: Chart;
  private amounts = new Amounts('tokens');
  private most = 1;
  private last = 1;

  constructor(options: Omit<ChartOptions, 'stop'>) {
    this.chart = new Chart({ ...options, stop: 'day' });
  }

  get element(): HTMLElement {
    return this.chart.element;
  }

  update(places: readonly Place[], lines: readonly Line[], amounts: Amounts): void {
    this.amounts = amounts;
    this.most = Math.max(1, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
    this.last = places.at(-1)?.x ?? 1;
    const data = [
      places.map(({ x }) => x),
      ...lines.map(({ values }) => values.map((value) => value ?? null)),
    ];
    const shape = lines.map((line) => [line.colour, line.dashed, line.width]).join('|');
    this.chart.update(
      places.map(({ text }) => text),
      `${this.last} ${shape}`,
      data as UPlot.AlignedData,
      () => this.plotted(lines),
    );
  }

  private plotted(lines: readonly Line[]): PlotOptions {
    return {
      scales: {
        x: { time: false, range: () => [0, this.last] },
        y: { range: () => [0, this.most * 1.06] },
      },
      axes: [
        {
          ...axis(),
          ...{ size: 30, incrs: [1, 2, 3, 5, 7] },
          values: (_, splits) => splits.map((x) => (x === 0 ? '' : String(x))),
        },
        amountAxis((amount) => this.amounts.short(amount)),
      ],
      series: [
        {},
        ...lines.map(
          ({ colour: name, width = 1.5, dashed }): UPlot.Series => ({
            ...{ stroke: () => colour(name), width, spanGaps: true, points: { show: false } },
            ...(dashed && { dash: [5, 4] }),
          }),
        ),
      ],
    };
  }
}
