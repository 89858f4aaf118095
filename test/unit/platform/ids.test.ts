import { expect, it } from 'vitest';
import { formatLeaseId, parseLeaseId } from '../../../src/domain/model/lease-id.js';
import { randomIds } from '../../../src/platform/ids.js';

it('makes nonces that lease ids can carry, never one twice', () => {
  const ids = randomIds();
  const nonces = new Set(Array.from({ length: 2_000 }, () => ids.nonce()));
  expect(nonces.size).toBe(2_000);
  for (const nonce of nonces) expect(parseLeaseId(formatLeaseId('a', 1, 1, nonce))).toBeDefined();
});

it('makes request ids and replica ids as a caller could', () => {
  const ids = randomIds();
  for (const id of [ids.requestId(), ids.copyId()]) expect(id).toMatch(/^[!-~]{16,36}$/);
  expect(ids.requestId()).not.toBe(ids.requestId());
  expect(randomIds().copyId()).not.toBe(randomIds().copyId());
});
