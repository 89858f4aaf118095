import type { Ledger } from '../../ledger/ledger.js';
import type { Scope } from '../../ledger/scopes.js';
import type { Blocker } from '../../model/types.js';
import type { Asker } from './caps.js';
import { until } from './concurrency.js';
import { nameOf } from './scope-cap.js';

/** Live slots of a team. */
export function teamConcurrencyBlocker(ledger: Ledger, { aiId }: Asker): Blocker | undefined {
  return scopeBlocker(ledger, ledger.scopes?.teamOf(aiId));
}

/** Live slots whose requests named such a model. */
export function modelConcurrencyBlocker(ledger: Ledger, { model }: Asker): Blocker | undefined {
  return scopeBlocker(ledger, ledger.scopes?.ofModel(model));
}

/** More than the policy allows may be live, as of the whole budget: a lowered limit ends none, nor does an AI that moves. */
function scopeBlocker({ slots }: Ledger, scope: Scope | undefined): Blocker | undefined {
  if (scope === undefined) return undefined;
  const { live } = scope;
  const limit = scope.limits.maxConcurrent;
  if (limit === 0 || live < limit) return undefined;
  return {
    rule: `${scope.kind}_CONCURRENCY`,
    limit,
    spent: live,
    reserved: 0,
    requested: 1,
    scope: scope.id,
    message: `${live} of the ${limit} slots of ${nameOf(scope)} are live`,
    ...until(slots.nthExpiryIn(scope, live - limit + 1)),
  };
}
