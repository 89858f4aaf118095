import { settingText } from '../config/config.js';
import { TEXTS } from '../domain/model/field-limits.js';
import { RULES } from '../domain/model/types.js';
import { Rule } from '../gen/budgetarbiter/v1/budget.js';
import type {
  DenialRow,
  ListDenialsResponse,
  RuleDenials,
} from '../gen/budgetarbiter/v1/budget_admin_service.js';
import { PROCESS_TIME } from '../platform/clock.js';
import { StartError } from '../platform/start-error.js';
import { type ConnectionOptions, connect } from './connect.js';
import type { Run } from './output.js';
import { amount, fitted, harmless, table } from './text.js';

/** `budget-arbiter denials`: who was refused, by which rules, and what these said last. */

const PAGE = 1_000;
const LONGEST_MS = 7 * 86_400_000;
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const WIDEST_AI = 24;

export interface DenialsOptions extends ConnectionOptions {
  readonly ai?: string;
  readonly rule?: string;
  readonly since: string;
  readonly json?: true;
}

export async function printDenials(
  run: Run,
  budget: string | undefined,
  options: DenialsOptions,
): Promise<void> {
  const budgetId = budget ?? settingText(run.environment, 'defaultBudget').text ?? '';
  const rule = readRule(options.rule);
  const from = new Date(PROCESS_TIME.wall() - readSince(options.since));
  if (options.ai !== undefined && !TEXTS.aiId.pattern.test(options.ai))
    throw new StartError(`--ai must be ${TEXTS.aiId.rule}`, 2);
  const service = connect(options, run.environment, PROCESS_TIME.wall);
  try {
    const { admin, call } = service;
    const rows: DenialRow[] = [];
    for (let pageToken = ''; ; ) {
      const request = { budgetId, aiId: options.ai, rule, from, to: undefined, pageSize: PAGE, pageToken };
      const page = await call(admin.listDenials.bind(admin), request);
      rows.push(...page.rows);
      pageToken = page.nextPageToken;
      if (pageToken === '') return run.output.out(options.json ? json(page, rows) : told(page, rows));
    }
  } finally {
    service.close();
  }
}

/** `90m`, `1h` or `7d`, in milliseconds. Throws a `StartError`. */
export function readSince(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? 0);
  if (ms > 0 && ms <= LONGEST_MS) return ms;
  throw new StartError('--since must be a time such as 90m, 1h or 7d, which is the longest', 2);
}

/** `HOURLY_CAP`, in any case. */
function readRule(text: string | undefined): Rule {
  if (text === undefined) return Rule.RULE_UNSPECIFIED;
  const name = RULES.find((rule) => rule === text.toUpperCase().replaceAll('-', '_'));
  if (name !== undefined) return Rule[`RULE_${name}`];
  throw new StartError(`--rule must be one of ${RULES.join(', ')}`, 2);
}

export function told(of: ListDenialsResponse, rows: readonly DenialRow[]): string {
  const { from, to, deniedRequests, wouldDenyRequests } = of;
  const span = `from ${moment(from)} to ${moment(to)} UTC`;
  if (deniedRequests + wouldDenyRequests === 0) return `nobody was refused ${span}\n`;
  const would =
    wouldDenyRequests > 0 ? `, ${amount(wouldDenyRequests)} more in mode OBSERVE would have been` : '';
  const head = `${amount(deniedRequests)} requests were denied ${span}${would}\n`;
  return `${head}\n${of.rules.map(ruleText).join('')}\n${rowTable(rows)}`;
}

function ruleText({ rule, denied, wouldDeny, lastAt, lastAiId, lastBlocker }: RuleDenials): string {
  const line = `${ruleName(rule)}: ${countText(denied, wouldDeny)}`;
  if (lastBlocker === undefined) return `${line}\n`;
  return `${line}, last at ${moment(lastAt)} of ${harmless(lastAiId ?? '')}:\n  ${harmless(lastBlocker.message)}\n`;
}

function rowTable(rows: readonly DenialRow[]): string {
  const cells = rows.map(({ start, end, aiId, rule, denied, wouldDeny, lastAt, uncountedAtMost }) => [
    isDay(start, end) ? moment(start).slice(0, 10) : moment(start),
    fitted(harmless(aiId), WIDEST_AI).trimEnd(),
    ruleName(rule),
    countText(denied, wouldDeny),
    lastAt === undefined ? '' : lastAt.toISOString().slice(11, 16),
    uncountedAtMost > 0 ? `+ up to ${amount(uncountedAtMost)}` : '',
  ]);
  return table([['HOUR (UTC)', 'AI', 'RULE', 'DENIED', 'LAST', ''], ...cells]);
}

function isDay(start: Date | undefined, end: Date | undefined): boolean {
  return (end?.getTime() ?? 0) - (start?.getTime() ?? 0) > (UNITS['h'] ?? 0);
}

function countText(denied: number, wouldDeny: number): string {
  if (wouldDeny === 0) return amount(denied);
  return denied === 0 ? `(${amount(wouldDeny)})` : `${amount(denied)} (${amount(wouldDeny)})`;
}

function ruleName(rule: Rule): string {
  return (Rule[rule] ?? String(rule)).replace('RULE_', '');
}

function moment(at: Date | undefined): string {
  return at === undefined ? '-' : at.toISOString().slice(0, 16).replace('T', ' ');
}

function json({ nextPageToken: _, ...of }: ListDenialsResponse, rows: readonly DenialRow[]): string {
  const rules = of.rules.map(({ rule, lastBlocker, ...rest }) => ({
    ...{ rule: Rule[rule], ...rest },
    ...(lastBlocker && { lastBlocker: { ...lastBlocker, rule: Rule[lastBlocker.rule] } }),
  }));
  const named = rows.map(({ rule, ...rest }) => ({ rule: Rule[rule], ...rest }));
  return `${JSON.stringify({ ...of, rules, rows: named }, undefined, 2)}\n`;
}
