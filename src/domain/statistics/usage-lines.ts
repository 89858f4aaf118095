import { NONE } from '../model/types.js';
import type { CrossedRow } from './crossing.js';

/** What was used, by day, AI, model and team, as files that other programs read. */

export const EXPORT_FORMATS = ['csv', 'jsonl'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportedRow extends CrossedRow {
  readonly budgetId: string;
  /** What its tokens count. */
  readonly unit: string;
}

const COLUMNS = ['budget', 'day', 'ai', 'model', 'team', 'tokens', 'calls', 'failed_calls', 'unit'] as const;

/** The first line of a file; empty where it has none. */
export function exportHead(format: ExportFormat): string {
  return format === 'csv' ? csvLine(COLUMNS) : '';
}

export function exportLine(format: ExportFormat, row: ExportedRow): string {
  const { budgetId, day = '', aiId = '', model = '', teamId = NONE, unit, tokens, calls, failedCalls } = row;
  const team = teamId === NONE ? '' : teamId;
  if (format === 'csv') return csvLine([budgetId, day, aiId, model, team, tokens, calls, failedCalls, unit]);
  const values = { budget: budgetId, day, ai: aiId, model, team, tokens, calls };
  return `${JSON.stringify({ ...values, failed_calls: failedCalls, unit })}\n`;
}

/** `anthropic_2026-09-01_2026-11-28.csv`. */
export function exportName(budgetId: string, from: string, to: string, format: ExportFormat): string {
  return `${budgetId}_${from}_${to}.${format}`;
}

/** As RFC 4180 has it. */
function csvLine(cells: readonly (string | number)[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  // A program of tables would take it for a formula, and callers make up names.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
