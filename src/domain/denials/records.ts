import type { AiDenials, DenialSpan, MinuteDenials } from './denials.js';
import { DAY_MS, HOUR_MS } from './denials.js';
import { merged } from './merged.js';
import type { RecentDenials } from './recent.js';

/** What is stored of an hour, or of a day, but for its AIs. */
export interface DenialHead extends Omit<DenialSpan, 'ais'> {
  readonly budgetId: string;
  readonly epoch: number;
  /** Who counted: what one replica remembered of the budget in one run; `DAY_WRITER` where it is a day. */
  readonly writer: string;
  /** Rises with every write: an older one is passed over, however late it comes. */
  readonly revision: number;
  readonly lastAt: number;
  /** Those of late, when it was written. */
  readonly minutes: readonly MinuteDenials[];
  readonly recentAis: readonly string[];
  readonly recentAiCount: number;
}

export interface DenialRecord extends DenialHead {
  readonly ais: ReadonlyMap<string, AiDenials>;
}

/** What a write changes: the head as a whole, and of the AIs those that changed or lost their place. */
export interface DenialWrite {
  readonly head: DenialHead;
  readonly ais: ReadonlyMap<string, AiDenials>;
  readonly gone: readonly string[];
}

/** A day of one budget whose hours can be folded into one record. */
export interface DenialDay {
  readonly budgetId: string;
  readonly epoch: number;
  readonly start: number;
}

/** No replica is named so: its names have a `-` in them. */
export const DAY_WRITER = 'day';

/** Hours are folded into days of this many AIs once their day is over for so long; and days are kept so long. */
export const DAY_AIS = 50;
export const FOLD_AFTER_MS = 2 * DAY_MS;
export const KEPT_MS = 31 * DAY_MS;

export function dayOf(at: number): number {
  return Math.floor(at / DAY_MS) * DAY_MS;
}

/** A day with the most refused of its AIs. */
export function foldedDay(
  { budgetId, epoch, start }: DenialDay,
  hours: readonly DenialRecord[],
): DenialRecord {
  const byHour = new Map<number, DenialRecord[]>();
  for (const hour of hours) byHour.set(hour.start, [...(byHour.get(hour.start) ?? []), hour]);
  const whole = Array.from(byHour.values(), (same) =>
    merged(same, { start: same[0]?.start ?? start, end: 0 }),
  );
  const day = merged(whole, { start, end: start + DAY_MS });
  const most = ({ denied, wouldDeny, uncounted }: AiDenials) => denied + wouldDeny + uncounted;
  const ais = [...day.ais].sort(([a, x], [b, y]) => most(y) - most(x) || (a < b ? -1 : 1));
  const floor = Math.max(day.floor, ...ais.slice(DAY_AIS).map(([, ai]) => most(ai)));
  return {
    ...{
      ...day,
      budgetId,
      epoch,
      writer: DAY_WRITER,
      revision: 1,
      minutes: [],
      recentAis: [],
      recentAiCount: 0,
    },
    ...{ ais: new Map(ais.slice(0, DAY_AIS)), floor },
    lastAt: hours.reduce((last, hour) => Math.max(last, hour.lastAt), start),
  };
}

/** Without the hours of days that are folded already: somebody is about to remove them. */
export function withoutFolded(records: readonly DenialRecord[]): DenialRecord[] {
  const days = new Set(records.filter(({ writer }) => writer === DAY_WRITER).map(({ start }) => start));
  return records.filter(({ writer, start }) => writer === DAY_WRITER || !days.has(dayOf(start)));
}

/** What a head tells of what was refused from `since` on. */
export function recentOf(head: DenialHead, since: number): RecentDenials {
  const { minutes, rules, recentAis: ais, recentAiCount: aiCount } = head;
  return { minutes: minutes.filter(({ start }) => start + HOUR_MS / 60 > since), rules, ais, aiCount };
}
