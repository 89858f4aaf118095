import type { DenialCount, MinuteDenials } from './denials.js';
import { MINUTE_MS } from './denials.js';

/** The minute under way and those before it that anybody asks about. */
export const MINUTES_KEPT = 16;

/** What was refused minute by minute, of the last `MINUTES_KEPT`. */
export class DeniedMinutes {
  private readonly minutes: { start: number; denied: number; wouldDeny: number }[] = [];

  note(at: number, wouldDeny: boolean): void {
    const start = Math.floor(at / MINUTE_MS) * MINUTE_MS;
    let minute = this.minutes.at(-1);
    if (minute?.start !== start) {
      minute = { start, denied: 0, wouldDeny: 0 };
      this.minutes.push(minute);
      if (this.minutes.length > MINUTES_KEPT) this.minutes.shift();
    }
    if (wouldDeny) minute.wouldDeny += 1;
    else minute.denied += 1;
  }

  /** Those with denials, earliest first: plain copies. */
  since(from: number): MinuteDenials[] {
    return this.minutes.filter(({ start }) => start + MINUTE_MS > from).map((minute) => ({ ...minute }));
  }
}

/**
 * Whether more than `perMinute` requests were denied in each of the last `minutes` whole minutes; the one under way does not count.
 * For a rule such as "more than 60 denials a minute for 10 minutes", of what one replica counted.
 */
export function deniedSteadily(
  counted: readonly MinuteDenials[],
  now: number,
  { perMinute, minutes }: { readonly perMinute: number; readonly minutes: number },
): boolean {
  const end = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const byStart = new Map<number, number>();
  for (const { start, denied } of counted) byStart.set(start, (byStart.get(start) ?? 0) + denied);
  for (let back = 1; back <= minutes; back += 1) {
    if ((byStart.get(end - back * MINUTE_MS) ?? 0) <= perMinute) return false;
  }
  return true;
}

/** What was counted from `from` on, in all. */
export function countSince(counted: readonly MinuteDenials[], from: number): DenialCount {
  let [denied, wouldDeny] = [0, 0];
  for (const minute of counted) {
    if (minute.start + MINUTE_MS <= from) continue;
    denied += minute.denied;
    wouldDeny += minute.wouldDeny;
  }
  return { denied, wouldDeny };
}
