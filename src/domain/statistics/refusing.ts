import type { RuleDenials } from '../denials/denials.js';
import { MINUTE_MS } from '../denials/denials.js';
import { countSince } from '../denials/minutes.js';
import { RECENT_MS, type RecentDenials } from '../denials/recent.js';
import type { Blocker, Rule, WindowStatus } from '../model/types.js';
import { amount } from '../model/wording.js';
import { clockText } from '../time/clock-text.js';

/** What says whether a budget refuses now. */
export interface Refusals {
  readonly now: number;
  readonly zone: string;
  readonly observes: boolean;
  readonly windows: readonly WindowStatus[];
  readonly lastGrantAt?: number | undefined;
  readonly recent: RecentDenials;
}

/** Rules of what is used up, the gravest first: as long as one of them refuses, coming again in turn does not help. */
const USED_UP = [
  ...(['EMERGENCY', 'MONTHLY_CAP', 'DAILY_CAP', 'HOURLY_CAP', 'TEAM_CAP', 'MODEL_CAP'] as const),
  ...(['KEPT_FOR_OTHERS', 'AI_DAILY_CAP'] as const),
];
/** Rules of whose turn it is: every budget in use refuses by them, and grants to the next. */
const IN_TURN = [
  ...(['CONCURRENCY', 'TEAM_CONCURRENCY', 'MODEL_CONCURRENCY', 'AI_CONCURRENCY', 'COOLDOWN'] as const),
  ...(['REQUEST_TOO_LARGE'] as const),
];

/**
 * The gravest rule that refuses now, in turn aside: of what is used up, where it refused within 5 minutes, and neither its time has
 * come since nor its window been enlarged. Where nobody at all was granted a slot for 5 minutes, a rule of turns, too: then everybody
 * is refused. Undefined: who is refused is granted when its turn comes.
 */
export function standingRefusal(refusals: Refusals): RuleDenials | undefined {
  const { recent, now, lastGrantAt = Number.NEGATIVE_INFINITY } = refusals;
  const standing = recent.rules.filter((rule) => stands(rule, refusals));
  const nobodyGranted = lastGrantAt <= now - RECENT_MS;
  const order: readonly Rule[] = nobodyGranted ? [...USED_UP, ...IN_TURN] : USED_UP;
  for (const name of order) {
    const found = standing.find(({ rule }) => rule === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function stands({ last }: RuleDenials, { now, windows, observes }: Refusals): boolean {
  const { blocker, at, wouldDeny } = last;
  if (at <= now - RECENT_MS || wouldDeny !== observes) return false;
  if (blocker.availableAt !== undefined && blocker.availableAt <= now) return false;
  const kind = OWN_WINDOW[blocker.rule];
  const window = windows.find((one) => one.kind === kind);
  return window === undefined || window.available < blocker.requested;
}

const OWN_WINDOW: Partial<Record<Rule, WindowStatus['kind']>> = {
  HOURLY_CAP: 'HOUR',
  DAILY_CAP: 'DAY',
  MONTHLY_CAP: 'MONTH',
};

const OF_WINDOW = { HOUR: "hour's", DAY: "day's", MONTH: "month's" } as const;

/** `the hour's cap is full until 16:00`. */
export function refusedBy({ rule, last }: RuleDenials, { zone, now, windows }: Refusals): string {
  const { blocker, aiId } = last;
  const kind = OWN_WINDOW[rule];
  const left = windows.find((window) => window.kind === kind)?.available ?? 0;
  const until =
    blocker.availableAt === undefined ? '' : ` until ${clockText(zone, blocker.availableAt, now)}`;
  return `${whatIsUsedUp(blocker, aiId, left > 0 ? 'leaves too little' : 'is full')}${until}`;
}

function whatIsUsedUp({ rule, window = 'MONTH', scope = '' }: Blocker, aiId: string, isFull: string): string {
  switch (rule) {
    case 'EMERGENCY':
      return 'the month is used up to its emergency share';
    case 'MONTHLY_CAP':
      return `the month's limit ${isFull}`;
    case 'DAILY_CAP':
      return `the day's cap ${isFull}`;
    case 'HOURLY_CAP':
      return `the hour's cap ${isFull}`;
    case 'TEAM_CAP':
      return `the ${OF_WINDOW[window]} cap of team ${scope} is full`;
    case 'MODEL_CAP':
      return `the ${OF_WINDOW[window]} cap of ${scope} is full`;
    case 'KEPT_FOR_OTHERS':
      return 'what is left is kept for other teams';
    case 'AI_DAILY_CAP':
      return `${aiId} has used its share of the day`;
    case 'CONCURRENCY':
      return 'all slots are held, and nobody was granted one for 5 minutes';
    case 'TEAM_CONCURRENCY':
      return `team ${scope} holds all its slots`;
    case 'MODEL_CONCURRENCY':
      return `all slots of ${scope} are held`;
    case 'AI_CONCURRENCY':
      return `${aiId} holds all its slots`;
    case 'COOLDOWN':
      return `${aiId} cools down`;
    case 'REQUEST_TOO_LARGE':
      return `${aiId} asks for more than one request may have`;
    case 'PAUSED':
      return 'it is paused';
  }
}

/** `10 AIs, 120 denials a minute`; empty where nobody was refused of late. `would`: of those that would have been, in mode OBSERVE. */
export function refusedHow(
  { minutes, aiCount }: RecentDenials,
  now: number,
  would: boolean,
): { readonly text: string; readonly perMinute: number } {
  const from = now - RECENT_MS;
  const counted = countSince(minutes, from);
  const count = would ? counted.wouldDeny : counted.denied;
  if (count === 0) return { text: '', perMinute: 0 };
  const first = minutes.find(({ start }) => start + MINUTE_MS > from)?.start ?? now;
  const perMinute = Math.round(count / Math.max(1, (now - first) / MINUTE_MS));
  const often =
    perMinute > 0
      ? `${amount(perMinute)} ${denials(perMinute)} a minute`
      : `${count} ${denials(count)} in 5 minutes`;
  return { text: `${amount(aiCount)} ${aiCount === 1 ? 'AI' : 'AIs'}, ${often}`, perMinute };
}

function denials(count: number): string {
  return count === 1 ? 'denial' : 'denials';
}
