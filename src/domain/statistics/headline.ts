import { countSince } from '../denials/minutes.js';
import { RECENT_MS, type RecentDenials } from '../denials/recent.js';
import type { StoredPause } from '../model/state.js';
import type { Rule, WindowStatus } from '../model/types.js';
import { clockText, dateText } from '../time/clock-text.js';
import { refusedBy, refusedHow, standingRefusal } from './refusing.js';

/**
 * How a budget stands, in one word: the worst that holds. The later the worse.
 *
 * - OK: whoever asks is granted, in turn.
 * - UNEVEN: the days of the month differ too much, as the alert POOR_SPREAD says.
 * - ENDING: at this rate the month's limit is reached before its end.
 * - FULL: a window takes nothing more; nobody has asked for a while.
 * - REFUSING: who asks is refused, and not just for its turn: see `refusing.ts`.
 * - PAUSED: by an operator.
 */
export const HEADLINE_STATUSES = ['OK', 'UNEVEN', 'ENDING', 'FULL', 'REFUSING', 'PAUSED'] as const;
export type HeadlineStatus = (typeof HEADLINE_STATUSES)[number];

export interface Headline {
  readonly status: HeadlineStatus;
  /** For a person. */
  readonly text: string;
  /** In mode OBSERVE, beside it: whom the rules would refuse. */
  readonly observed?: string;
  /** When it ends by itself, where that is known. */
  readonly until?: number;
  /** The rule that refuses. */
  readonly rule?: Rule;
  /** Of late: AIs that were refused, or would have been, and how often a minute. */
  readonly ais: number;
  readonly perMinute: number;
}

export interface HeadlineInput {
  readonly now: number;
  readonly zone: string;
  readonly pause?: StoredPause | undefined;
  readonly observes: boolean;
  readonly windows: readonly WindowStatus[];
  /** The latest of all AIs. */
  readonly lastGrantAt?: number | undefined;
  readonly recent: RecentDenials;
  /** By the forecast, once that counts. */
  readonly exhaustedAt?: number | undefined;
  /** How much the days differ, in percent, where that is too much. */
  readonly poorSpread?: number | undefined;
  /** The store does not answer: all this is the last that is known. */
  readonly stale?: boolean;
}

type Found = Omit<Headline, 'ais' | 'perMinute' | 'observed'>;

export function headlineOf(input: HeadlineInput): Headline {
  const { now, recent, observes, stale } = input;
  const { perMinute } = refusedHow(recent, now, observes);
  const { text, ...found } =
    paused(input) ?? refusing(input) ?? full(input) ?? ending(input) ?? uneven(input) ?? ok(input);
  const observed = observes ? { observed: observedText(input) } : {};
  const told = stale ? `The store does not answer. Last known: ${text}` : text;
  return { ...found, text: told, ...observed, ais: recent.aiCount, perMinute };
}

function paused({ pause, now, zone, recent }: HeadlineInput): Found | undefined {
  if (pause === undefined) return undefined;
  const why = pause.reason === '' ? '' : `: ${pause.reason}`;
  const { text: refused } = refusedHow(recent, now, false);
  const who = refused === '' ? '' : `; ${refused}`;
  return { status: 'PAUSED', text: `Paused since ${clockText(zone, pause.at, now)}${why}${who}` };
}

function refusing(input: HeadlineInput): Found | undefined {
  if (input.observes) return undefined;
  const found = standingRefusal(input);
  if (found === undefined) return undefined;
  const { rule } = found;
  const { availableAt } = found.last.blocker;
  const { text } = refusedHow(input.recent, input.now, false);
  const until = availableAt === undefined ? {} : { until: availableAt };
  return { status: 'REFUSING', rule, text: `Refusing: ${refusedBy(found, input)}; ${text}`, ...until };
}

const FULL_WINDOWS = { MONTH: "The month's limit", DAY: "The day's cap", HOUR: "The hour's cap" } as const;

function full({ windows, now, zone, observes }: HeadlineInput): Found | undefined {
  if (observes) return undefined;
  for (const kind of ['MONTH', 'DAY', 'HOUR'] as const) {
    const window = windows.find((one) => one.kind === kind);
    if (window === undefined || window.available > 0) continue;
    const { end, cap, reserved } = window;
    const held = reserved > 0 ? ', unless live leases give something back' : '';
    const what = cap > 0 ? 'is full' : 'is 0';
    const text = `${FULL_WINDOWS[kind]} ${what} until ${clockText(zone, end, now)}${held}; nobody is refused now`;
    return { status: 'FULL', text, until: end };
  }
  return undefined;
}

function ending({ exhaustedAt, now, zone }: HeadlineInput): Found | undefined {
  if (exhaustedAt === undefined) return undefined;
  const isToday = dateText(zone, exhaustedAt, now) === dateText(zone, now, now);
  const when = isToday
    ? `today at ${clockText(zone, exhaustedAt, now)}`
    : `on ${dateText(zone, exhaustedAt, now)}`;
  return { status: 'ENDING', text: `On course to run out ${when}` };
}

function uneven({ poorSpread }: HeadlineInput): Found | undefined {
  if (poorSpread === undefined) return undefined;
  return {
    status: 'UNEVEN',
    text: `Uneven: the days of the month differ by ${Math.round(poorSpread)} percent`,
  };
}

function ok({ recent, now, observes }: HeadlineInput): Found {
  const { denied } = countSince(recent.minutes, now - RECENT_MS);
  const { text } = refusedHow(recent, now, false);
  if (denied === 0 || observes) return { status: 'OK', text: 'OK: nobody is refused' };
  return { status: 'OK', text: `OK: slots are granted in turn; ${text}` };
}

function observedText(input: HeadlineInput): string {
  const { text } = refusedHow(input.recent, input.now, true);
  const found = standingRefusal(input);
  if (text === '') return 'Mode OBSERVE: would refuse nobody';
  if (found === undefined) return `Mode OBSERVE: would refuse some until their turn; ${text}`;
  return `Mode OBSERVE: would refuse: ${refusedBy(found, input)}; ${text}`;
}
