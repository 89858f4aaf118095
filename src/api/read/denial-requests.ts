import type { DenialQuery } from '../../arbiter/service-port.js';
import { TEXTS } from '../../domain/model/field-limits.js';
import { RULES, type Rule, type Writable } from '../../domain/model/types.js';
import type { ListDenialsRequest } from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import { ruleMessage } from '../write/denial.js';
import { Checks } from './checks.js';
import { afterKey, pageSize } from './list-requests.js';
import { isTime, TIME_RULE } from './moment.js';

const MOST_DAYS = 7;
const MOST_MS = MOST_DAYS * 86_400_000;
const ROW_KEY = /^\d{16} [01] \S+ \d{2}$/;

const RULE_NAMES: ReadonlyMap<number, Rule> = new Map(RULES.map((rule) => [ruleMessage(rule), rule]));

export interface DenialsPage {
  readonly budgetId: string;
  readonly pageQuery: readonly string[];
  readonly query: DenialQuery;
  readonly size: number;
  /** The key of the last row of the page before. */
  readonly after?: string;
}

export function readListDenials(message: ListDenialsRequest): DenialsPage {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const { aiId } = message;
  if (aiId !== undefined) checks.text('ai_id', aiId, TEXTS.aiId);
  const rule = RULE_NAMES.get(message.rule);
  if (rule === undefined && message.rule !== 0)
    checks.fail('rule', `must be a rule of admission or unset; it is ${message.rule}`);
  const { from, to } = readSpan(checks, message);
  const size = pageSize(checks, message.pageSize);
  const pageQuery = ['denials', budgetId, aiId ?? '', rule ?? '', String(from ?? ''), String(to ?? '')];
  const after = afterKey(checks, pageQuery, message.pageToken, (key) => ROW_KEY.test(key));
  checks.done();
  const query: Writable<DenialQuery> = {};
  if (aiId !== undefined) query.aiId = aiId;
  if (rule !== undefined) query.rule = rule;
  if (from !== undefined) query.from = from;
  if (to !== undefined) query.to = to;
  return { budgetId, pageQuery, query, size, ...(after !== undefined && { after }) };
}

/** One end alone: the other is now, or a day away; that is looked at where the time is known. */
function readSpan(checks: Checks, message: ListDenialsRequest): { from?: number; to?: number } {
  const span: { from?: number; to?: number } = {};
  for (const end of ['from', 'to'] as const) {
    const at = message[end];
    if (at === undefined) continue;
    if (!isTime(at)) checks.fail(end, `must be ${TIME_RULE}`);
    else span[end] = at.getTime();
  }
  const { from, to } = span;
  if (from === undefined || to === undefined) return span;
  if (from >= to) checks.fail('to', 'must be after from');
  else if (to - from > MOST_MS)
    checks.fail('from', `must be at most ${MOST_DAYS} days before to: ask for two spans`);
  return span;
}
