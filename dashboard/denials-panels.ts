import { type Api, messageOf } from './api.js';
import { type DenialRange, rangeText, readRange } from './denial-range.js';
import { DenialsNav } from './denials-nav.js';
import { DenialsPanel, type DenialsPanelOptions } from './denials-panel.js';
import { readDenials } from './denials-reading.js';

/** Denials come in crowds: they are counted anew so often at most, and less often where there are more of them than fit. */
const READ_AGAIN_MS = 2_000;
const MANY_AGAIN_MS = 10_000;
/** What other replicas refused. */
const OTHERS_MS = 60_000;

export interface DenialsOptions extends DenialsPanelOptions {
  readonly api: Api;
  /** Of the address: it says which days are shown. */
  readonly query: () => URLSearchParams;
}

/** Who was refused, when, by which rules and why; apart, who would have been if the budget did not only observe. */
export class DenialsPanels {
  readonly denied: DenialsPanel;
  readonly wouldDeny: DenialsPanel;
  private readonly nav: DenialsNav;
  private reading = 0;
  private readAt = Number.NEGATIVE_INFINITY;
  private shown: string | undefined;
  private told = 0;
  private hasMany = false;

  constructor(private readonly options: DenialsOptions) {
    this.nav = new DenialsNav({
      today: () => this.today,
      shown: () => this.range,
      go: (to) => options.go({ refused: rangeText(to) }),
    });
    this.denied = new DenialsPanel('denied', options, this.nav.element);
    this.wouldDeny = new DenialsPanel('wouldDeny', options);
    this.wouldDeny.element.hidden = true;
  }

  /** The address may say other days. */
  moved(): void {
    if (rangeText(this.range) !== this.shown) void this.read();
  }

  /** `told`: how many this replica has refused so far. What others refused is seen within a minute. */
  heard(told: number): void {
    const { range } = this;
    const isNews = told !== this.told && (range === undefined || range.to >= this.today);
    const waitMs = isNews ? (this.hasMany ? MANY_AGAIN_MS : READ_AGAIN_MS) : OTHERS_MS;
    if (this.readAt + waitMs > performance.now()) return;
    this.told = told;
    void this.read();
  }

  private get today(): string {
    return new Date(this.options.now()).toISOString().slice(0, 10);
  }

  private get range(): DenialRange {
    return readRange(this.options.query().get('refused'), this.today);
  }

  private async read(): Promise<void> {
    const turn = ++this.reading;
    this.readAt = performance.now();
    const { api, budgetId, aiId, teamId } = this.options;
    const { range } = this;
    this.shown = rangeText(range);
    this.nav.update();
    try {
      const scope = {
        budgetId,
        ...(aiId !== undefined && { aiId }),
        ...(teamId !== undefined && { teamId }),
      };
      const found = await readDenials(api, scope, range);
      if (turn !== this.reading) return;
      this.hasMany = found.cutAt !== undefined;
      this.denied.update(found);
      this.wouldDeny.update(found);
      this.wouldDeny.element.hidden = Number(found.wouldDenyRequests ?? 0) === 0;
    } catch (error) {
      if (turn === this.reading) this.denied.failed(messageOf(error));
    }
  }
}
