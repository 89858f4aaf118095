import type { AddTopUpRequest } from '../../src/domain/model/requests.js';

/** Over caps until so much later, unless it says otherwise. */
export function overCaps(
  topUpId: string,
  tokens: number,
  expiresAt: number,
  more: Partial<AddTopUpRequest> = {},
): AddTopUpRequest {
  return addTopUp({ topUpId, tokens, of: 'OVER_CAPS', expiresAt, ...more });
}

export function largerMonth(
  topUpId: string,
  tokens: number,
  more: Partial<AddTopUpRequest> = {},
): AddTopUpRequest {
  return addTopUp({ topUpId, tokens, of: 'LARGER_MONTH', ...more });
}

/** The same content has the same fingerprint. */
function addTopUp(fields: Omit<AddTopUpRequest, 'kind' | 'reason' | 'fingerprint'>): AddTopUpRequest {
  const { topUpId: _, ...content } = fields;
  return { kind: 'add-top-up', reason: 'r', fingerprint: JSON.stringify(content), ...fields };
}
