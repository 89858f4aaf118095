import { describe, expect, it } from 'vitest';
import {
  type AcquireContent,
  acquireFingerprint,
  fingerprint,
  type UsageContent,
  usageFingerprint,
} from '../../../../src/domain/model/fingerprint.js';
import { counts } from '../../../support/requests.js';

it('is shared by equal parts', () => {
  expect(fingerprint(['a', 1, undefined, true, [['k', 'v']]])).toBe(
    fingerprint(['a', 1, undefined, true, [['k', 'v']]]),
  );
  expect(fingerprint([])).toMatch(/^[\w-]{22}$/);
});

it('is not shared by parts that only look alike when joined', () => {
  const alike = [
    [],
    [''],
    [undefined],
    ['', ''],
    ['a,b'],
    ['a', 'b'],
    ['ab'],
    [1],
    ['1'],
    [['a', 'b']],
    [false],
    [0],
  ];
  expect(new Set(alike.map(fingerprint)).size).toBe(alike.length);
});

describe('of a request for a slot', () => {
  const asked = { budgetId: 'b', aiId: 'a', estimatedTokens: 300, leaseTtlMs: 1_000, labels: { k: 'v' } };

  it('is what it was before there were younger fields: a repeat across the upgrade finds its lease', () => {
    expect(acquireFingerprint(asked)).toBe(fingerprint(['b', 'a', 300, 1_000, [['k', 'v']]]));
    expect(acquireFingerprint({ budgetId: 'b', aiId: 'a' })).toBe(
      fingerprint(['b', 'a', undefined, undefined, undefined]),
    );
  });

  it('is another with other counts or another least', () => {
    const contents: AcquireContent[] = [
      asked,
      { ...asked, atLeastTokens: 1 },
      { ...asked, atLeastTokens: 2 },
      { ...asked, expected: counts({ input: 1 }) },
      { ...asked, expected: counts({ output: 1 }) },
      { ...asked, expected: counts({ total: 1 }) },
      { ...asked, expected: counts({ total: 1 }), atLeastTokens: 1 },
    ];
    expect(new Set(contents.map(acquireFingerprint)).size).toBe(contents.length);
  });
});

describe('of a report', () => {
  const reported = {
    tokens: counts({ input: 1 }),
    model: 'm',
    requestType: 't',
    failed: true,
    errorMessage: 'e',
  };

  it('is what it was before calls were counted, where it does not say how many', () => {
    expect(usageFingerprint(reported)).toBe(fingerprint([1, 0, 0, 0, 0, 0, 'm', 't', true, 'e']));
  });

  it('is another with other calls, as with other content', () => {
    const contents: UsageContent[] = [
      reported,
      ...[0, 1, 2].map((calls) => ({ ...reported, calls })),
      { ...reported, failed: false },
      { ...reported, errorMessage: '' },
    ];
    expect(new Set(contents.map(usageFingerprint)).size).toBe(contents.length);
  });
});
