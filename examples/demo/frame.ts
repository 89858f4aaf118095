import { type Lease, Window, type WindowStatus } from '../../src/gen/budgetarbiter/v1/budget.js';
import type { Board } from './board.js';
import { happeningLine } from './happening-line.js';
import type { Journal } from './journal.js';
import { tokensOf } from './journal.js';
import { amount, bar, fitted, paint, paintAi, type Style, seconds } from './text.js';
import { AI_IDS, type Trace } from './trace.js';

export interface View {
  readonly board: Board;
  readonly journal: Journal;
  readonly trace: Trace;
  readonly elapsedMs: number;
  readonly startedAt: Date;
  readonly maxConcurrent: number;
  readonly leaseTtlMs: number;
  /** AIs that are dead and hold a slot all the same. */
  readonly dead: ReadonlySet<string>;
}

const LEAST_COLUMNS = 72;
const MOST_COLUMNS = 120;

/** The live view as lines: pure, so that it can be looked at without a terminal. */
export function frame(view: View, columns: number, rows: number): string[] {
  const width = Math.max(LEAST_COLUMNS, Math.min(MOST_COLUMNS, columns)) - 1;
  const { board } = view;
  const queue = board.waiters === 0 ? '' : `, ${board.waiters} in the queue`;
  const top = [
    title(view, width),
    rule(`slots: ${board.slots.length} of ${view.maxConcurrent} held${queue}`, width),
    ...slots(view, width),
    rule('AIs', width),
    ...AI_IDS.map((aiId) => ai(view, aiId, width)),
    rule('tokens: █ spent ▒ reserved', width),
    ...windowBars(board, width),
    rule('denied by', width),
    ...denials(board, width),
    rule('events', width),
  ];
  const shown = board.happenings.filter(({ kind }) => kind !== 'denied');
  const left = Math.max(1, Math.min(12, rows - 1 - top.length));
  return [...top, ...shown.slice(-left).map((happening) => happeningLine(happening, view.startedAt, width))];
}

function title({ elapsedMs, trace }: View, width: number): string {
  const name = ' budget arbiter: four AIs, one budget ';
  const time = `${seconds(Math.min(elapsedMs, trace.durationMs))} of ${seconds(trace.durationMs)} `;
  const barWidth = width - name.length - time.length;
  const progress = bar(barWidth, trace.durationMs, [[elapsedMs, '━', 'blue']]);
  return paint(name, 'bold') + progress + paint(` ${time}`.slice(0, time.length), 'dim');
}

function rule(text: string, width: number): string {
  return paint('── ', 'dim') + paint(text, 'bold') + paint(` ${'─'.repeat(width - text.length - 4)}`, 'dim');
}

function slots({ board, maxConcurrent, leaseTtlMs, dead }: View, width: number): string[] {
  const held = board.slots.map((lease) => slot(lease, leaseTtlMs, dead.has(lease.aiId), width));
  const free = Array.from({ length: Math.max(0, maxConcurrent - held.length) }, () =>
    paint('   free', 'dim'),
  );
  return [...held, ...free].slice(0, maxConcurrent);
}

function slot(lease: Lease, ttlMs: number, dead: boolean, width: number): string {
  const leftMs = Math.max(0, (lease.expiresAt?.getTime() ?? 0) - Date.now());
  const tokens = `${amount(lease.usedTokens)} of ${amount(lease.reservedTokens)} tokens used`;
  // The service fills the bar again while the session lives; a dead AI's runs out.
  const state = dead ? `DEAD, ${seconds(leftMs)} left` : `${seconds(leftMs)} left`;
  const barWidth = width - 12 - 18 - 30;
  const style: Style = dead ? 'red' : 'green';
  const countdown = barWidth < 4 ? '' : `${bar(barWidth, ttlMs, [[leftMs, '■', style]])} `;
  return `   ${paintAi(lease.aiId, 9)}${countdown}${paint(fitted(state, 17), style)}${fitted(tokens, 29)}`;
}

function ai(
  { board, journal, trace, elapsedMs }: View,
  aiId: (typeof AI_IDS)[number],
  width: number,
): string {
  const charges = journal.chargesOf(aiId);
  const arrived = trace.prompts.filter((prompt) => prompt.aiId === aiId && prompt.atMs <= elapsedMs).length;
  const waiting = Math.max(0, arrived - charges.length);
  const figures = `${charges.length} made, ${waiting} waiting`.padStart(24);
  const tokens = amount(tokensOf(charges)).padStart(11);
  const doing = fitted(board.doing.get(aiId) ?? '', width - 12 - 24 - 11);
  return `   ${paintAi(aiId, 9)}${doing}${paint(figures, 'dim')}${tokens}`;
}

const WINDOWS = [
  ...([
    ['hour', Window.WINDOW_HOUR],
    ['day', Window.WINDOW_DAY],
    ['month', Window.WINDOW_MONTH],
  ] as const),
] as const;

export function windowBars(board: Board, width: number): string[] {
  return WINDOWS.map(([name, kind]) => {
    const window = board.window(kind);
    return window === undefined ? `   ${name}` : windowBar(name, window, width);
  });
}

function windowBar(name: string, window: WindowStatus, width: number): string {
  const { capTokens, spentTokens, reservedTokens } = window;
  const sum = `${amount(spentTokens)} + ${amount(reservedTokens)}`.padStart(20);
  const share = `${Math.floor((spentTokens / Math.max(1, capTokens)) * 100)}%`.padStart(5);
  const figures = `${sum} of ${amount(capTokens).padStart(9)}${share}`;
  const style: Style =
    spentTokens >= 0.95 * capTokens ? 'red' : spentTokens >= 0.8 * capTokens ? 'yellow' : 'green';
  const cells = bar(width - 9 - figures.length, capTokens, [
    [spentTokens, '█', style],
    [reservedTokens, '▒', style],
  ]);
  return `   ${name.padEnd(6)}${cells}${figures}`;
}

/** Two lines of them, so that the view keeps its height. */
function denials(board: Board, width: number): string[] {
  const counts = [...board.denials].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`);
  const lines = ['', ''];
  for (const count of counts) {
    const line = (lines[0] ?? '').length + count.length + 6 <= width ? 0 : 1;
    lines[line] += `   ${count}`;
  }
  return lines.map((line) => paint(fitted(line, width), 'yellow'));
}
