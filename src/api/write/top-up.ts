import type { TopUpKind as Kind, TopUpView } from '../../domain/model/types.js';
import { type TopUp, TopUpKind } from '../../gen/budgetarbiter/v1/budget.js';
import { optionalDate } from './time.js';

const KINDS: { readonly [K in Kind]: TopUpKind } = {
  OVER_CAPS: TopUpKind.TOP_UP_KIND_OVER_CAPS,
  LARGER_MONTH: TopUpKind.TOP_UP_KIND_LARGER_MONTH,
};

export function topUpMessage(view: TopUpView): TopUp {
  const { topUpId, kind, tokens, aiId, teamId, month, reason, spent, reserved, available, takenBack } = view;
  return {
    ...{ topUpId, kind: KINDS[kind], tokens, aiId, teamId, month, reason },
    expiresAt: optionalDate(view.expiresAt),
    addedAt: new Date(view.addedAt),
    endedAt: optionalDate(view.endedAt),
    spentTokens: spent,
    reservedTokens: reserved,
    availableTokens: available,
    takenBackTokens: takenBack,
  };
}
