import { aboutInUnit, TOKENS } from '../domain/model/unit.js';
import {
  type Alert,
  AlertRule,
  type Budget,
  type Lease,
  Rule,
  Window,
  type WindowStatus,
} from '../gen/budgetarbiter/v1/budget.js';
import type { BudgetEvent, WatchBudgetResponse } from '../gen/budgetarbiter/v1/budget_admin_service.js';
import { headlineStyle, headlineText } from './headline.js';
import { stateOf, windowOf } from './standings.js';
import { amount, fitted, harmless, type Paint, type Style, share } from './text.js';

const REMEMBERED = 50;
const SILENCE_MS = 4_000;

/** One thing that happened, as a line says it. */
export interface Happening {
  readonly at: Date;
  readonly kind: string;
  readonly text: string;
}

/** All that the live view of a budget knows. */
export class WatchView {
  budget: Budget | undefined;
  update: WatchBudgetResponse | undefined;
  leases: readonly Lease[] = [];
  /** Up to which everything was told: a new stream goes on there. Absent before the first message. */
  revision: number | undefined;
  /** Since the view began, by rule. */
  readonly denials = new Map<string, number>();
  readonly happenings: Happening[] = [];
  /** Why the stream ended; absent while there is one. */
  ended: string | undefined;
  /** When the newest update came, by the monotonic clock. */
  private updatedAt = 0;
  /** What the budget counted before it must be asked for again. */
  private lastUnit: string = TOKENS;

  constructor(
    readonly budgetId: string,
    readonly target: string,
    private readonly monotonic: () => number,
  ) {}

  /** Takes in a message of the stream; gives what happened, in order. */
  take(update: WatchBudgetResponse): Happening[] {
    this.update = update;
    if (update.revision > 0) this.revision = update.revision;
    this.updatedAt = this.monotonic();
    this.ended = undefined;
    for (const { rule, count } of update.denials) {
      const name = ruleName(rule);
      this.denials.set(name, (this.denials.get(name) ?? 0) + count);
    }
    const happened = update.events.flatMap((event) => happeningOf(event, this.unit) ?? []);
    if (update.missed) {
      const text = 'more may have happened meanwhile; the figures are right';
      happened.unshift({ at: update.observedAt ?? new Date(0), kind: 'missed', text });
      this.lastUnit = this.unit;
      this.budget = undefined;
    }
    for (const { event } of update.events) if (event?.$case === 'changed') this.budget = event.value;
    this.happenings.push(...happened);
    this.happenings.splice(0, this.happenings.length - REMEMBERED);
    return happened;
  }

  /** What its amounts count. */
  get unit(): string {
    return this.budget?.effectivePolicy?.unit ?? this.lastUnit;
  }

  /** Why the figures may be old; absent while they are live. A message comes at least once a second. */
  get trouble(): string | undefined {
    if (this.ended !== undefined) return this.ended;
    const silentMs = this.monotonic() - this.updatedAt;
    if (this.update === undefined || silentMs < SILENCE_MS) return undefined;
    return `nothing came for ${Math.round(silentMs / 1_000)} s`;
  }

  /** The service's time now: that of its newest message, carried on. */
  get now(): number {
    const observed = this.update?.observedAt?.getTime() ?? 0;
    return observed + (this.monotonic() - this.updatedAt);
  }
}

function ruleName(rule: Rule): string {
  return (Rule[rule] ?? String(rule)).replace('RULE_', '');
}

function happeningOf(
  { occurredAt: at = new Date(0), event }: BudgetEvent,
  unit: string,
): Happening | undefined {
  if (event === undefined) return undefined;
  switch (event.$case) {
    case 'alert': {
      const { rule, message } = event.value;
      const name = (AlertRule[rule] ?? String(rule)).replace('ALERT_RULE_', '');
      return { at, kind: 'alert', text: `${name}${stageText(event.value)}: ${harmless(message)}` };
    }
    case 'changed':
      return { at, kind: 'changed', text: changeText(event.value) };
    default:
      return { at, kind: event.$case, text: leaseText(event.value, unit) };
  }
}

/** Something that happened is over as soon as it has. */
function stageText({ endedAt, raisedAt, notice }: Alert): string {
  if (endedAt === undefined || endedAt.getTime() === raisedAt?.getTime()) return '';
  return notice !== undefined && notice.endedAt === undefined ? ' (not now)' : ' ended';
}

function changeText({ pause, etag }: Budget): string {
  if (pause !== undefined) return `paused: ${harmless(pause.reason) || 'no reason given'}`;
  return `not paused; its policy has etag ${etag}`;
}

function leaseText(lease: Lease, unit: string): string {
  const { aiId, fence, presumedTokens } = lease;
  const presumed = presumedTokens > 0 ? `, ${aboutInUnit(unit, presumedTokens)} presumed` : '';
  return `${harmless(aiId)} (fence ${fence}): ${usedText(lease, unit)}${presumed}`;
}

/** `120 of 300 tokens used`, or `$0.12 of $0.30 used`. */
function usedText({ usedTokens, reservedTokens }: Lease, unit: string): string {
  const what = unit === TOKENS ? ' tokens' : '';
  return `${aboutInUnit(unit, usedTokens)} of ${aboutInUnit(unit, reservedTokens)}${what} used`;
}

const LEAST_COLUMNS = 64;
const MOST_COLUMNS = 120;
const MOST_SLOTS = 10;
const MOST_HAPPENINGS = 12;

const WINDOWS = [
  ['hour', Window.WINDOW_HOUR],
  ['day', Window.WINDOW_DAY],
  ['month', Window.WINDOW_MONTH],
] as const;

/** The live view as lines: pure, so that it can be looked at without a terminal. */
export function frame(view: WatchView, size: { columns: number; rows: number }, paint: Paint): string[] {
  const width = Math.max(LEAST_COLUMNS, Math.min(MOST_COLUMNS, size.columns)) - 1;
  const { update } = view;
  const waiting = update === undefined || update.waiters === 0 ? '' : `, ${update.waiters} waiting`;
  const most = view.budget?.effectivePolicy?.maxConcurrent ?? 0;
  const top = [
    ...title(view, width, paint),
    rule(`${view.unit}: █ spent ▒ reserved`, width, paint),
    ...WINDOWS.map(([name, kind]) =>
      windowLine(name, windowOf(update ?? { windows: [] }, kind), view.unit, width, paint),
    ),
    ...besideBars(view).map((line) => paint(fitted(line, width), 'dim')),
    rule(`slots: ${update?.liveSlots ?? 0} of ${most} held${waiting}`, width, paint),
    ...slots(view, width, paint),
    rule('denied by, since this view began', width, paint),
    paint(fitted(denials(view), width), 'yellow'),
    rule('events', width, paint),
  ];
  const room = Math.max(1, Math.min(MOST_HAPPENINGS, size.rows - 1 - top.length));
  return [...top, ...view.happenings.slice(-room).map((happening) => happeningLine(happening, width))];
}

/** What stands above all: how it is, whose picture this is, and of when. */
function title(view: WatchView, width: number, paint: Paint): string[] {
  const { budget, update, trouble } = view;
  const month = windowOf(update ?? { windows: [] }, Window.WINDOW_MONTH);
  const state = budget === undefined ? '' : stateOf(budget, month);
  const name = ` ${view.budgetId} on ${view.target}  `;
  if (trouble !== undefined) return [paint(fitted(`${name}NOT LIVE: ${trouble}`, width), 'red')];
  const time = update === undefined ? '' : ` ${new Date(view.now).toISOString().slice(0, 19)}Z`;
  const style = update?.headline === undefined ? styleOf(state) : headlineStyle(update.headline);
  const word = update?.stale
    ? paint(fitted('STALE: its store does not answer', width - name.length), 'red')
    : undefined;
  const text = headlineText(update?.headline);
  return [
    ...(text === undefined ? [] : [paint(fitted(` ${text}`, width), style)]),
    paint(name, 'bold') +
      (word ?? paint(fitted(state, width - name.length - time.length), style) + paint(time, 'dim')),
  ];
}

function styleOf(state: string): Style {
  if (state === 'normal') return 'green';
  return state === 'warning' ? 'yellow' : 'red';
}

function rule(text: string, width: number, paint: Paint): string {
  return `${paint('── ', 'dim')}${paint(text, 'bold')}${paint(` ${'─'.repeat(Math.max(0, width - text.length - 4))}`, 'dim')}`;
}

function windowLine(
  name: string,
  window: WindowStatus | undefined,
  unit: string,
  width: number,
  paint: Paint,
): string {
  if (window === undefined) return `   ${name}`;
  const { capTokens, spentTokens, reservedTokens } = window;
  const sum = `${aboutInUnit(unit, spentTokens)} + ${aboutInUnit(unit, reservedTokens)}`.padStart(22);
  const figures = `${sum} of ${aboutInUnit(unit, capTokens).padStart(11)}${share(spentTokens + reservedTokens, capTokens).padStart(6)}`;
  const cells = Math.max(4, width - 9 - figures.length);
  const end = (tokens: number) => Math.min(cells, Math.round((tokens / Math.max(1, capTokens)) * cells));
  const spent = end(spentTokens);
  const held = end(spentTokens + reservedTokens) - spent;
  const style: Style =
    spentTokens >= 0.95 * capTokens ? 'red' : spentTokens >= 0.8 * capTokens ? 'yellow' : 'green';
  const bar =
    paint('█'.repeat(spent) + '▒'.repeat(held), style) + paint('·'.repeat(cells - spent - held), 'dim');
  return `   ${name.padEnd(6)}${bar}${figures}`;
}

/** What they do not show: what is kept for teams, and what came from top-ups. */
function besideBars({ update, unit }: WatchView): string[] {
  const told = (text: string, read: (window: WindowStatus) => number): string[] => {
    const parts = WINDOWS.flatMap(([name, kind]) => {
      const window = windowOf(update ?? { windows: [] }, kind);
      const tokens = window === undefined ? 0 : read(window);
      return tokens > 0 ? [`${aboutInUnit(unit, tokens)} this ${name}`] : [];
    });
    return parts.length > 0 ? [`   ${text}: ${parts.join(', ')}`] : [];
  };
  return [
    ...told('kept for teams', ({ keptTokens }) => keptTokens),
    ...told('from top-ups, beside', ({ toppedTokens }) => toppedTokens),
  ];
}

function slots(view: WatchView, width: number, paint: Paint): string[] {
  const shown = view.leases.slice(0, MOST_SLOTS).map((lease) => slot(lease, view, width, paint));
  const more = view.leases.length - shown.length;
  if (shown.length === 0) return [paint('   nobody', 'dim')];
  return more > 0 ? [...shown, paint(`   and ${more} more`, 'dim')] : shown;
}

function slot(lease: Lease, { now, unit }: WatchView, width: number, paint: Paint): string {
  const leftMs = Math.max(0, (lease.expiresAt?.getTime() ?? now) - now);
  const left = `ends in ${(leftMs / 1_000).toFixed(0)} s`;
  const figures = `${left.padStart(18)}${usedText(lease, unit).padStart(32)}`;
  const who = [lease.aiId, ...(lease.teamId === undefined ? [] : [`(${lease.teamId})`])].join(' ');
  return `   ${fitted(harmless(who), width - 3 - figures.length)}${paint(figures, leftMs < 10_000 ? 'yellow' : 'dim')}`;
}

function denials({ denials: counts }: WatchView): string {
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.length === 0
    ? '   nothing'
    : `   ${sorted.map(([name, count]) => `${name} ${amount(count)}`).join('   ')}`;
}

/** Without a width as long as it is. */
export function happeningLine({ at, kind, text }: Happening, width?: number): string {
  const line = `   ${at.toISOString().slice(0, 19)}Z  ${kind.padEnd(9)} ${text}`;
  return width === undefined ? line.trim() : fitted(line, width).trimEnd();
}
