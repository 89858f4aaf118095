import type { Ledger } from '../../ledger/ledger.js';
import type { Scope, ScopeKind } from '../../ledger/scopes.js';
import { left, type Standing, type WindowFigures } from '../../ledger/standing.js';
import type { ToppedWindows } from '../../ledger/topped-by-team.js';
import { percentOf } from '../../model/percent.js';
import type { StoredLease } from '../../model/state.js';
import type { WindowKind, WindowStatus } from '../../model/types.js';
import type { Cap } from '../../policy/pacing.js';
import { monthOfDay } from '../../time/calendar.js';
import { type AdmissionCap, type Asker, capBlocker } from './caps.js';
import { type Committed, committed, firstDayThatAdmits, firstPacedHour } from './later-windows.js';

/** What a team, or the models that a pattern binds, may use of the budget's window. */

/** A window as a scope has its part of it. */
interface OfWindow {
  readonly name: string;
  readonly part: (scope: Scope) => Scope['dayPart'];
  /** The cap in force that the percentage is of. */
  readonly whole: (standing: Standing) => Cap;
  readonly spent: (scope: Scope) => number;
  readonly reserved: (scope: Scope, ledger: Ledger) => number;
  /** The most that the window ever has. */
  readonly largest: (ledger: Ledger) => number;
  readonly holds: (lease: StoredLease, ledger: Ledger) => boolean;
}

const WINDOWS: { readonly [K in WindowKind]: OfWindow } = {
  HOUR: {
    name: 'this hour',
    part: (scope) => scope.hourPart,
    whole: (standing) => standing.pacedHour,
    spent: (scope) => scope.hour,
    reserved: (scope, { hour }) => scope.heldInHour(hour.start),
    largest: ({ largest }) => largest.pacedHour,
    holds: ({ hourStart }, { hour }) => hourStart === hour.start,
  },
  DAY: {
    name: 'today',
    part: (scope) => scope.dayPart,
    whole: (standing) => standing.day.cap,
    spent: (scope) => scope.day,
    reserved: (scope, { today }) => scope.heldInDay(today.day),
    largest: ({ largest }) => largest.day,
    holds: ({ day }, { today }) => day === today.day,
  },
  MONTH: {
    name: 'this month',
    part: (scope) => scope.monthPart,
    whole: (standing) => standing.month.cap,
    spent: (scope) => scope.month,
    reserved: (scope, { month }) => scope.heldInMonth(month.key),
    largest: ({ largest }) => largest.month,
    holds: ({ day }, { month }) => monthOfDay(day) === month.key,
  },
};

/** Asked several times in every decision: nothing is made of a cap that admits. */
export function scopeCap(kind: ScopeKind, window: WindowKind): AdmissionCap {
  const of = WINDOWS[window];
  return {
    leaves: (ledger, standing, asker) => {
      const scope = limited(ledger, kind, of, asker);
      return scope === undefined
        ? Number.POSITIVE_INFINITY
        : Math.max(0, roomIn(ledger, standing, scope, of));
    },
    refuses: (ledger, standing, asker, demand) => {
      const scope = limited(ledger, kind, of, asker);
      if (scope === undefined || demand.requested <= roomIn(ledger, standing, scope, of)) return undefined;
      const { name, part, largest, holds } = of;
      return capBlocker(ledger, {
        rule: `${kind}_CAP`,
        window,
        scope: scope.id,
        demand,
        figures: scopeFigures(ledger, standing, scope, window),
        name: `${nameOf(scope)} ${name}`,
        largest: percentOf(largest(ledger), part(scope).percent),
        later: () => firstThatAdmits(ledger, scope, window, demand.requested, committed(ledger)),
        firstHolder: () => ledger.slots.firstHolderIn(scope, (lease) => holds(lease, ledger)),
      });
    },
  };
}

/** Whose cap it is; undefined where its rule is off. */
function limited(
  { scopes }: Ledger,
  kind: ScopeKind,
  { part }: OfWindow,
  { aiId, model }: Asker,
): Scope | undefined {
  const scope = kind === 'TEAM' ? scopes?.teamOf(aiId) : scopes?.ofModel(model);
  return scope === undefined || part(scope).percent === 100 ? undefined : scope;
}

/** Below 0 where more was spent. */
function roomIn(
  ledger: Ledger,
  standing: Standing,
  scope: Scope,
  { part, whole, spent, reserved }: OfWindow,
): number {
  return part(scope).of(whole(standing).tokens) - spent(scope) - reserved(scope, ledger);
}

export function nameOf({ kind, id }: Scope): string {
  return kind === 'TEAM' ? `team ${id}` : `models ${id}`;
}

/** What a scope has of a window. */
export function scopeFigures(
  ledger: Ledger,
  standing: Standing,
  scope: Scope,
  window: WindowKind,
): WindowFigures {
  const { part, whole, spent, reserved } = WINDOWS[window];
  const { tokens, loweredBy } = whole(standing);
  const own = part(scope).of(tokens);
  const cap = loweredBy === undefined ? { tokens: own } : { tokens: own, loweredBy };
  return { spent: spent(scope), reserved: reserved(scope, ledger), cap };
}

/** The start of the first later window that would admit, if nothing more were spent. */
export function firstThatAdmits(
  ledger: Ledger,
  scope: Scope,
  window: WindowKind,
  requested: number,
  taken: Committed,
): number | undefined {
  const { percent } = WINDOWS[window].part(scope);
  const isEnough = (cap: number) => requested <= percentOf(cap, percent);
  if (window === 'MONTH') return ledger.month.end;
  return window === 'HOUR'
    ? firstPacedHour(ledger, isEnough, taken)
    : firstDayThatAdmits(ledger, isEnough, taken);
}

/** The windows of now as a scope has them, for those who look. */
export function scopeWindows(
  ledger: Ledger,
  standing: Standing,
  scope: Scope,
  topped: ToppedWindows | undefined,
): WindowStatus[] {
  const spans = { HOUR: ledger.hour, DAY: ledger.today, MONTH: ledger.month };
  return (['HOUR', 'DAY', 'MONTH'] as const).map((kind) => {
    const { start, end } = spans[kind];
    const figures = scopeFigures(ledger, standing, scope, kind);
    const { spent, reserved, cap } = figures;
    const available = left(figures);
    return { kind, start, end, cap: cap.tokens, spent, reserved, available, topped: topped?.[kind] ?? 0 };
  });
}
