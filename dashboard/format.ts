/** Numbers as the reader's locale writes them, times as the budget's zone has them. */

const NUMBER = new Intl.NumberFormat();
const COMPACT = new Intl.NumberFormat(undefined, { notation: 'compact', maximumSignificantDigits: 3 });
const PERCENT = new Intl.NumberFormat(undefined, {
  ...{ style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 },
});
const PRECISE = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 4 });

export function count(value: number): string {
  return NUMBER.format(value);
}

/** From here on nobody reads all the digits. */
const MANY = 1_000_000;

/** Amounts of one budget: tokens, or millionths of a currency. */
export class Amounts {
  private readonly format: Intl.NumberFormat;
  private readonly compact: Intl.NumberFormat;
  readonly isMoney: boolean;

  constructor(readonly unit: string) {
    this.isMoney = unit !== 'tokens';
    const money = { style: 'currency', currency: unit } as const;
    this.format = this.isMoney ? new Intl.NumberFormat(undefined, { ...money, ...PRECISION }) : NUMBER;
    this.compact = this.isMoney
      ? new Intl.NumberFormat(undefined, { ...money, notation: 'compact', maximumSignificantDigits: 3 })
      : COMPACT;
  }

  /** What heads a column of them. */
  get title(): string {
    return this.isMoney ? this.unit : 'Tokens';
  }

  /** For programs: in whole tokens, or in the currency. */
  plain(amount: number | undefined): number | undefined {
    return amount && this.inUnit(amount);
  }

  /** With all of its digits. */
  exact(amount: number | undefined): string {
    return amount === undefined ? '' : this.format.format(this.inUnit(amount));
  }

  /** As people write it: `999,999`, `11.1 M`. */
  text(amount: number | undefined): string {
    if (amount === undefined || Math.abs(this.inUnit(amount)) < MANY) return this.exact(amount);
    return spaced(this.compact.formatToParts(this.inUnit(amount)));
  }

  /** With what it counts, where that is not said beside it. */
  told(amount: number): string {
    return this.withUnit(this.text(amount));
  }

  toldExactly(amount: number): string {
    return this.withUnit(this.exact(amount));
  }

  private withUnit(text: string): string {
    return this.isMoney ? text : `${text} tokens`;
  }

  /** For axes. */
  short(amount: number): string {
    return spaced(this.compact.formatToParts(this.inUnit(amount)), '');
  }

  private inUnit(amount: number): number {
    return this.isMoney ? amount / 1_000_000 : amount;
  }
}

/** `11.1 M`: English has no space there, and in Britain a small letter, which is a thousandth anywhere else. */
function spaced(parts: readonly Intl.NumberFormatPart[], space = '\u00a0'): string {
  return parts
    .map(({ type, value }, at) => {
      const follows = type === 'compact' && parts[at - 1]?.type !== 'literal';
      const unit = type === 'compact' && /^[km]$/.test(value) ? value.toUpperCase() : value;
      return follows ? `${space}${unit}` : unit;
    })
    .join('');
}

/** The digits of the currency, or more for less than one of it: the first two that say something. */
const PRECISION = {
  minimumSignificantDigits: 2,
  maximumSignificantDigits: 2,
  roundingPriority: 'morePrecision',
} as const;

/** A share of 1. */
export function share(part: number, whole: number): string {
  return PERCENT.format(whole === 0 ? 0 : part / whole);
}

/** A percentage of a policy, with all of its digits. */
export function percent(value: number): string {
  return PRECISE.format(value / 100);
}

/** `11.5%` of 11.5. */
export function tenth(value: number): string {
  return PERCENT.format(value / 100);
}

/** `2:05`, `1:02:05`. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const two = (part: number) => String(part).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** `40 s`, `12 min`, `3 h 5 min`: how long something lasts already. */
export function ago(ms: number): string {
  const minutes = Math.floor(Math.max(0, ms) / 60_000);
  if (minutes === 0) return `${Math.floor(Math.max(0, ms) / 1_000)} s`;
  return minutes < 60 ? `${minutes} min` : `${NUMBER.format(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/** `90 s`, `5 min`, `1 h`. */
export function duration(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ] as const;
  for (const [length, unit] of units) {
    if (ms >= length && ms % length === 0) return `${NUMBER.format(ms / length)} ${unit}`;
  }
  return `${NUMBER.format(ms / 1_000)} s`;
}

export function words(constant: string): string {
  const text = constant.toLowerCase().replaceAll('_', ' ');
  return (text.charAt(0).toUpperCase() + text.slice(1)).replace(/\bai\b/i, 'AI');
}

const DAY_MS = 86_400_000;

/** Times of one budget. */
export class ZoneTimes {
  readonly zone: string;
  private readonly clock: Intl.DateTimeFormat;
  private readonly moments: Intl.DateTimeFormat;
  private readonly days: Intl.DateTimeFormat;
  private readonly hours: Intl.DateTimeFormat;
  private readonly weekdays: Intl.DateTimeFormat;
  private readonly all: Intl.DateTimeFormat;

  constructor(zone: string) {
    this.zone = isKnown(zone) ? zone : 'UTC';
    const timeZone = this.zone;
    this.clock = new Intl.DateTimeFormat(undefined, { timeZone, timeStyle: 'medium' });
    const day = { month: 'short', day: 'numeric' } as const;
    this.moments = new Intl.DateTimeFormat(undefined, {
      ...{ timeZone, ...day, hour: '2-digit', minute: '2-digit' },
    });
    this.days = new Intl.DateTimeFormat(undefined, { timeZone, weekday: 'short', ...day });
    this.all = new Intl.DateTimeFormat('en-GB', {
      ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
    this.weekdays = new Intl.DateTimeFormat('en', { timeZone, weekday: 'short' });
    this.hours = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' });
  }

  time(at: number): string {
    return this.clock.format(at);
  }

  moment(at: number): string {
    return this.moments.format(at);
  }

  day(at: number): string {
    return this.days.format(at);
  }

  /** The end of a day, `YYYY-MM-DD`, as the zone has it. */
  endOf(day: string): number {
    const wanted = Date.parse(day) + DAY_MS;
    // Twice: the first guess may lie on the other side of a change of the clock.
    const first = wanted - this.aheadAt(wanted);
    return wanted - this.aheadAt(first);
  }

  /** How far its clock is ahead of UTC. */
  private aheadAt(at: number): number {
    const parts = new Map(this.all.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
    const shown = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
    return shown - Math.floor(at / 1_000) * 1_000;
  }

  isWeekend(at: number): boolean {
    return this.weekdays.format(at).startsWith('S');
  }

  /** 0 to 23, as the zone's clock shows it. */
  hour(at: number): number {
    return Number(this.hours.format(at));
  }
}

/** `November 2026` of `2026-11`. */
export function monthName(month: string): string {
  const format = new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric', timeZone: 'UTC' });
  return format.format(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5, 7)) - 1));
}

/** The month `by` months later. */
export function shiftMonth(month: string, by: number): string {
  const moment = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5, 7)) - 1 + by));
  return moment.toISOString().slice(0, 7);
}

/** The browser may be older than the zone. */
function isKnown(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}
