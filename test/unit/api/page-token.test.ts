import { expect, it } from 'vitest';
import { pageToken, readPageToken } from '../../../src/api/page-token.js';

const QUERY = ['usage', 'anthropic', 'AI'];
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

it('is read by the list that made it', () => {
  for (const key of ['guardian', 'ü "quoted"', '2026-11-15 09:00']) {
    expect(readPageToken(QUERY, pageToken(QUERY, key))).toBe(key);
  }
});

it.each<[string, string]>([
  ['of another list', pageToken(['leases', 'anthropic', 'AI'], 'x')],
  ['of another query', pageToken(['usage', 'anthropic', 'MODEL'], 'x')],
  ['with more parts', pageToken([...QUERY, 'more'], 'x')],
  ['with no key', pageToken(QUERY, '')],
  ['with a key that is no text', encoded([...QUERY, 5])],
  ['that is no list', encoded({ length: 4 })],
  ['that is no JSON', Buffer.from('nonsense').toString('base64url')],
  ['that is no base64url', 'a+b/c='],
  ['that is empty', ''],
  ['that is far too long', 'A'.repeat(3_000)],
])('refuses a token %s', (_what, token) => {
  expect(readPageToken(QUERY, token)).toBeUndefined();
});
