import { ACTION_MESSAGE, type ActionName, refusedFields } from '../access/audit-fields.js';
import { principalLabel } from '../access/principal.js';
import type { Caller } from '../arbiter/service-port.js';
import { decodeRequest } from './codec/decode.js';
import { RequestError } from './failures/request-error.js';
import type { Services, UnaryMethod } from './service.js';

/** Where every unary call goes on, whichever protocol brought its bytes: decoded, checked, decided. */
export function answerTo<Q, A>(
  method: UnaryMethod<Q, A>,
  bytes: Buffer,
  caller: Caller,
  own: Services,
): Promise<A> {
  if (method.action !== undefined) return answerAction(method.action, method, bytes, caller, own);
  return method.answer(decodeRequest(method, bytes), caller, own);
}

async function answerAction<Q, A>(
  action: ActionName,
  method: UnaryMethod<Q, A>,
  bytes: Buffer,
  caller: Caller,
  own: Services,
): Promise<A> {
  let budgetId: unknown;
  try {
    const request = decodeRequest(method, bytes);
    ({ budgetId } = request as { budgetId?: unknown });
    return await method.answer(request, caller, own);
  } catch (error) {
    tellUnlessDecided(error, action, budgetId, own);
    throw error;
  }
}

/**
 * Writes the audit's line for an action that was refused before the service port heard of it, for what it says or how it is written;
 * what comes behind the service port has a line already.
 */
export function tellUnlessDecided(
  error: unknown,
  action: ActionName,
  budgetId: unknown,
  { log, who = principalLabel(undefined) }: Pick<Services, 'log' | 'who'>,
): void {
  if (!(error instanceof RequestError) || error.decided) return;
  const { complaint } = error;
  const violations = 'violations' in complaint ? complaint.violations : [];
  const budget = typeof budgetId === 'string' ? budgetId : undefined;
  const refused = { action, who, budget, refusal: complaint.reason, fields: violations };
  log.info(refusedFields(refused), ACTION_MESSAGE);
}
