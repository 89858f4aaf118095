import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { invalidFields, type RequestError } from '../../api/failures/request-error.js';
import { Checks } from '../../api/read/checks.js';
import type { SessionRequest as SessionBeginning } from '../../arbiter/service-port.js';
import { ENTRIES, TEXTS } from '../../domain/model/field-limits.js';
import {
  BudgetServiceService,
  type OpenSession,
  SessionRequest,
} from '../../gen/budgetarbiter/v1/budget_service.js';
import type { Ids } from '../../platform/ids.js';

/** A session's client sends these, and nothing else. */
export const SESSION_METHOD = { path: BudgetServiceService.session.path, request: SessionRequest };

/** Of each message that its client sends, as of each call of its own. */
export const MOST_MESSAGE_BYTES = 64 * 1024;

/** What a session may spend: no more budgets than it could be taken up in. */
export const MOST_BUDGETS = 1 + ENTRIES.otherBudgets;
const TAG_FIELD = 1;

export function readOpen(message: OpenSession, ids: Pick<Ids, 'nonce'>): SessionBeginning {
  const checks = new Checks();
  const budgetId = checks.budgetId('open.budget_id', message.budgetId);
  const aiId = message.aiId === '' ? undefined : checks.aiId('open.ai_id', message.aiId);
  const { sessionId, otherBudgetIds } = message;
  if (sessionId !== undefined) checks.text('open.session_id', sessionId, TEXTS.sessionId);
  if (otherBudgetIds.length > ENTRIES.otherBudgets) {
    checks.fail(
      'open.other_budget_ids',
      `must be at most ${ENTRIES.otherBudgets} budgets; there are ${otherBudgetIds.length}`,
    );
  } else for (const other of otherBudgetIds) checks.budgetId('open.other_budget_ids', other);
  checks.done();
  const session = { id: sessionId ?? ids.nonce(), owner: '', stream: ids.nonce() };
  return { aiId, session, budgetIds: [...new Set([budgetId, ...otherBudgetIds])] };
}

/** What a message lacks that cannot be answered. */
export function misplaced(field: string, description: string): RequestError {
  return invalidFields([{ field, description }]);
}

/** Of a message whose call could not be read: whom to tell. Undefined if not even that can be read. */
export function tagOf(bytes: Uint8Array): number | undefined {
  const reader = new BinaryReader(bytes);
  let tag = 0;
  try {
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (field === TAG_FIELD && wireType === WireType.Varint) tag = reader.uint32();
      else reader.skip(wireType, field);
    }
  } catch {
    return undefined;
  }
  return tag;
}
