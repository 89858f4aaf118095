import type { WindowStatus } from '../model/types.js';
import { type Guaranteed, type Keeping, kept, lapsedBy, partOf, promised } from '../policy/kept.js';
import type { Span } from '../time/windows.js';
import type { GuaranteedParts, Guarantees } from './guarantees.js';
import type { Ledger } from './ledger.js';
import type { Scope } from './scopes.js';
import { type Standing, standingOf, type WindowFigures } from './standing.js';

/** A window of now, as far as it keeps something of its cap for the teams that are guaranteed a part of it. */
export interface KeptWindow {
  readonly kind: 'HOUR' | 'DAY';
  readonly window: Keeping;
  /** Of the hour with its cap as it is paced: an untouched hour's allowance is not there to be guaranteed. */
  readonly figures: WindowFigures;
  readonly guarantees: Guarantees;
  readonly parts: GuaranteedParts;
}

export function keptHour(ledger: Ledger, guarantees: Guarantees, standing: Standing): KeptWindow {
  const { spent, reserved } = standing.hour;
  const cap = standing.pacedHour;
  const window = keeping(ledger, ledger.hour);
  const parts = guarantees.ofHour(cap.tokens);
  return { kind: 'HOUR', window, figures: { spent, reserved, cap }, guarantees, parts };
}

export function keptDay(ledger: Ledger, guarantees: Guarantees, { day }: Standing): KeptWindow {
  const window = keeping(ledger, ledger.today);
  return { kind: 'DAY', window, figures: day, guarantees, parts: guarantees.ofDay(day.cap.tokens) };
}

/** Whether so much is there beside all that is guaranteed: then nobody needs to be asked for what is kept. */
export function isBesideAll(
  guarantees: Guarantees,
  kind: KeptWindow['kind'],
  { hour, day, pacedHour }: Standing,
  requested: number,
): boolean {
  const { spent, reserved } = kind === 'HOUR' ? hour : day;
  const { cap, sum } =
    kind === 'HOUR' ? guarantees.ofHour(pacedHour.tokens) : guarantees.ofDay(day.cap.tokens);
  return spent + reserved + requested + sum <= cap;
}

export function keeping({ policy: { lending } }: Ledger, { start, end }: Span): Keeping {
  return { start, end, lending };
}

/** What a team has spent and holds in the window. */
export function takenIn({ hour, today }: Ledger, kind: KeptWindow['kind'], team: Scope): number {
  return kind === 'HOUR' ? team.hour + team.heldInHour(hour.start) : team.day + team.heldInDay(today.day);
}

/** What is kept for all teams but one. */
export function keptForOthers(
  ledger: Ledger,
  { kind, window, guarantees, parts }: KeptWindow,
  own: Scope | undefined,
): number {
  let sum = 0;
  let place = 0;
  // By hand: it is asked for with every grant.
  for (const { team } of guarantees.ofCaps) {
    const guaranteed = parts.tokens[place++] ?? 0;
    if (team !== own) sum += kept({ guaranteed, taken: takenIn(ledger, kind, team) }, window, ledger.clock);
  }
  return sum;
}

/** The teams but one for which something is kept, as they stand. */
export function others(
  ledger: Ledger,
  { kind, guarantees, parts }: KeptWindow,
  own: Scope | undefined,
): (Guaranteed & { readonly teamId: string })[] {
  return guarantees.ofCaps.flatMap(({ team }, place) => {
    const figures = { guaranteed: parts.tokens[place] ?? 0, taken: takenIn(ledger, kind, team) };
    return team === own ? [] : [{ teamId: team.id, ...figures }];
  });
}

/** What a team may still take of the window, whatever is kept for others. `taken`: what it has, or is thought to have. */
export function promisedIn(
  ledger: Ledger,
  { kind, window, guarantees, parts }: KeptWindow,
  own: Scope | undefined,
  taken = own === undefined ? 0 : takenIn(ledger, kind, own),
): number {
  const place = guarantees.placeOf(own);
  if (own === undefined || place < 0) return 0;
  const guaranteed = parts.tokens[place] ?? 0;
  return promised({ guaranteed, taken }, lapsedIn(ledger, kind, window, own), window, ledger.clock);
}

/**
 * The most that a team may ask for however small pacing makes the hours: what its guarantee of the day comes to by this hour's end,
 * less what it has taken today. Else small hours would eat the guarantee of the day.
 */
export function dueNow(
  ledger: Ledger,
  { day }: Standing,
  own: Scope | undefined,
  taken = own === undefined ? 0 : takenIn(ledger, 'DAY', own),
): number {
  const { guarantees, today, hour } = ledger;
  const place = guarantees?.placeOf(own) ?? -1;
  const guaranteed = guarantees?.ofDay(day.cap.tokens).tokens[place] ?? 0;
  return Math.max(0, partOf(guaranteed, hour.end - today.start, today.end - today.start) - taken);
}

/** The same with what is promised to it of the hour: what others were due may have filled the hour beyond its paced part. */
export function beyondPacing(
  ledger: Ledger,
  standing: Standing,
  own: Scope | undefined,
  taken?: { readonly hour: number; readonly day: number },
): number {
  const { guarantees } = ledger;
  if (guarantees === undefined || guarantees.placeOf(own) < 0) return 0;
  const inHour = promisedIn(ledger, keptHour(ledger, guarantees, standing), own, taken?.hour);
  return Math.max(inHour, dueNow(ledger, standing, own, taken?.day));
}

function lapsedIn({ tables }: Ledger, kind: KeptWindow['kind'], { start }: Keeping, team: Scope): number {
  if (tables.lapsed.size === 0) return 0;
  const known = tables.lapsed.get(`${kind} ${team.id}`);
  return known?.windowStart === start ? known.tokens : 0;
}

/** An AI is about to take something: what has melted for its team until now has lapsed. */
export function noteLapsed(ledger: Ledger, aiId: string, known?: Standing): void {
  const { guarantees, scopes, hour, today } = ledger;
  const own = scopes?.teamOf(aiId);
  if (guarantees === undefined || own === undefined || guarantees.placeOf(own) < 0) return;
  const [ofHour, ofDay] = [isMelting(ledger, hour), isMelting(ledger, today)];
  if (!ofHour && !ofDay) return;
  const standing = known ?? standingOf(ledger);
  if (ofHour) noteIn(ledger, keptHour(ledger, guarantees, standing), own);
  if (ofDay) noteIn(ledger, keptDay(ledger, guarantees, standing), own);
}

function noteIn(ledger: Ledger, { kind, window, guarantees, parts }: KeptWindow, own: Scope): void {
  const { tables, clock } = ledger;
  const team = { guaranteed: parts.tokens[guarantees.placeOf(own)] ?? 0, taken: takenIn(ledger, kind, own) };
  const before = lapsedIn(ledger, kind, window, own);
  const tokens = lapsedBy(team, before, window, clock);
  if (tokens > before) tables.lapsed.set(`${kind} ${own.id}`, { windowStart: window.start, tokens });
}

/** In its second half. */
function isMelting({ clock }: Ledger, { start, end }: Span): boolean {
  return 2 * (end - clock) < end - start;
}

/** Another policy is in force: nothing lapses for teams that are guaranteed nothing. */
export function forgetLapsed({ tables: { lapsed }, guarantees }: Ledger): void {
  if (lapsed.size === 0) return;
  const teams = new Set(guarantees?.ofCaps.map(({ team }) => team.id));
  for (const key of [...lapsed.keys()]) if (!teams.has(key.slice(key.indexOf(' ') + 1))) lapsed.delete(key);
}

/** Windows of the budget, or of one team, with what is kept now for all teams, or for that one. */
export function withKept(
  ledger: Ledger,
  standing: Standing,
  windows: readonly WindowStatus[],
  team?: Scope,
): readonly WindowStatus[] {
  const { guarantees } = ledger;
  if (guarantees === undefined) return windows;
  return windows.map((window) => {
    if (window.kind === 'MONTH') return window;
    const of = (window.kind === 'HOUR' ? keptHour : keptDay)(ledger, guarantees, standing);
    const forAll = keptForOthers(ledger, of, undefined);
    return { ...window, kept: team === undefined ? forAll : forAll - keptForOthers(ledger, of, team) };
  });
}
