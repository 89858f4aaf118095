import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  fits,
  isLengthWithin,
  lengthOf,
  TEXTS,
  type TextLimit,
} from '../../../../src/domain/model/field-limits.js';
import { formatLeaseId } from '../../../../src/domain/model/lease-id.js';

const LIMITS = Object.entries(TEXTS) as [string, TextLimit][];

describe.each(LIMITS)('%s', (_, limit) => {
  it.each(['a', 'é', '€', '😀'])('counts %s, in what it says', (character) => {
    const each = limit.unit === 'bytes' ? Buffer.byteLength(character) : 1;
    const most = Math.floor(limit.most / each);
    for (const count of [0, 1, limit.least, most - 1, most, most + 1, 2 * most, limit.most, limit.most + 1]) {
      const text = character.repeat(count);
      expect(lengthOf(limit, text)).toBe(count * each);
      const within = count * each >= limit.least && count * each <= limit.most;
      expect(isLengthWithin(limit, text), `${count} times`).toBe(within);
      expect(fits(limit, text)).toBe(within && limit.pattern.test(text));
    }
  });

  it('says its length and what else it asks for', () => {
    if (limit !== TEXTS.pageToken && limit !== TEXTS.sessionId && limit !== TEXTS.budgetPattern)
      expect(limit.rule).toContain(String(limit.most));
    expect(limit.pattern.test('\u0000')).toBe(false);
  });
});

it('has room for every lease id', () => {
  const longest = formatLeaseId(
    'b'.repeat(63),
    Number.MAX_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER,
    'n'.repeat(32),
  );
  expect(fits(TEXTS.leaseId, longest)).toBe(true);
});

it('stands nowhere else', () => {
  const files = ['src', 'dashboard', 'scripts'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name)),
  );
  const sources = files.filter((file) => /\.ts$/.test(file) && !file.startsWith(path.join('src', 'gen')));
  const home = path.join('src', 'domain', 'model', 'field-limits.ts');
  /** Ids of budgets, and of anything else; what counts the bytes or characters of a text. */
  const again =
    /\{0,62\}|\{1,63\}|\[!-~\]|\{1,128\}|\bMAX_(?:REASON|ETAG|MODEL|LEASE_ID|LABELS?|WAIT)\b|maxlength/;
  const found = sources.filter((file) => file !== home && again.test(readFileSync(file, 'utf8')));
  expect(found).toEqual([]);
});
