import type { Ledger } from '../../ledger/ledger.js';
import { monthInWindow } from '../../ledger/topped.js';
import type { Blocker } from '../../model/types.js';
import { inUnit, withUnit } from '../../model/unit.js';
import { moment } from '../../model/wording.js';

/** An operator paused the budget; nobody can know until when. */
export function pausedBlocker({ pause }: Ledger): Blocker | undefined {
  if (pause === undefined) return undefined;
  const why = pause.reason === '' ? '' : `: ${pause.reason}`;
  return {
    rule: 'PAUSED',
    limit: 0,
    spent: 0,
    reserved: 0,
    requested: 0,
    message: `an operator paused this budget at ${moment(pause.at)}${why}`,
  };
}

/** The emergency share of the month is spent: what is left is for leases that run. */
export function emergencyBlocker(ledger: Ledger, requested: number): Blocker | undefined {
  const { allowance, tables, month, policy } = ledger;
  const spent = monthInWindow(tables);
  if (allowance.emergencyOff || spent < allowance.grantable) return undefined;
  return {
    rule: 'EMERGENCY',
    limit: allowance.grantable,
    spent,
    reserved: 0,
    requested,
    availableAt: month.end,
    message:
      `${inUnit(policy.unit, spent)} of ${withUnit(policy.unit, allowance.enforced)} are spent, ` +
      `${policy.emergencyPercent}% or more: no new grants until the month ends`,
  };
}

/** One lease may not reserve more than the policy's largest request. */
export function requestSizeBlocker({ policy }: Ledger, requested: number): Blocker | undefined {
  if (policy.maxRequestTokens === 0 || requested <= policy.maxRequestTokens) return undefined;
  return {
    rule: 'REQUEST_TOO_LARGE',
    limit: policy.maxRequestTokens,
    spent: 0,
    reserved: 0,
    requested,
    permanent: true,
    message:
      `one request may reserve at most ${withUnit(policy.unit, policy.maxRequestTokens)}, ` +
      `not ${inUnit(policy.unit, requested)}: ask for less`,
  };
}
