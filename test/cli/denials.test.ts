import { describe, expect, it } from 'vitest';
import { readSince, told } from '../../src/cli/denials.js';
import { Rule } from '../../src/gen/budgetarbiter/v1/budget.js';
import { ListDenialsResponse } from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';

const at = (time: string) => new Date(`2026-11-29T${time}:00Z`);
const row = {
  rule: Rule.RULE_COOLDOWN,
  start: at('14:00'),
  end: at('15:00'),
  firstAt: at('14:02'),
  lastAt: at('14:20'),
};

describe('denials as text', () => {
  it('say how many, what each rule said last, and whom', () => {
    const found = ListDenialsResponse.fromPartial({
      ...{ from: at('13:00'), to: at('15:00'), deniedRequests: 1_200, wouldDenyRequests: 3 },
      rules: [
        {
          ...{
            rule: Rule.RULE_COOLDOWN,
            denied: 1_200,
            wouldDeny: 3,
            lastAt: at('14:20'),
            lastAiId: 'guardian',
          },
          lastBlocker: { message: 'the last grant was\u001b 60 s ago' },
        },
      ],
      rows: [
        { ...row, aiId: '(other)', denied: 7, uncountedAtMost: 0 },
        { ...row, aiId: 'guardian', denied: 1_193, wouldDeny: 3, uncountedAtMost: 12 },
        {
          ...row,
          aiId: 'x'.repeat(99),
          wouldDeny: 2,
          start: at('00:00'),
          end: new Date('2026-11-30T00:00:00Z'),
        },
      ],
    });
    expect(told(found, found.rows)).toBe(
      [
        '1,200 requests were denied from 2026-11-29 13:00 to 2026-11-29 15:00 UTC, 3 more in mode OBSERVE would have been',
        '',
        'COOLDOWN: 1,200 (3), last at 2026-11-29 14:20 of guardian:',
        '  the last grant was? 60 s ago',
        '',
        'HOUR (UTC)        AI                            RULE     DENIED   LAST',
        '2026-11-29 14:00  (other)                   COOLDOWN          7  14:20',
        '2026-11-29 14:00  guardian                  COOLDOWN  1,193 (3)  14:20  + up to 12',
        `2026-11-29        ${'x'.repeat(23)}…  COOLDOWN        (2)  14:20`,
        '',
      ].join('\n'),
    );
  });

  it('say that there were none', () => {
    const none = ListDenialsResponse.fromPartial({ from: at('13:00'), to: at('15:00') });
    expect(told(none, [])).toBe('nobody was refused from 2026-11-29 13:00 to 2026-11-29 15:00 UTC\n');
  });
});

it.each([
  ['90m', 5_400_000],
  ['1h', 3_600_000],
  ['7d', 604_800_000],
])('since %s is so far back', (text, ms) => {
  expect(readSince(text)).toBe(ms);
});

it.each(['', '1', 'h', '0h', '8d', '-1h', '1.5h', '1 h', '999999h'])('since %j is refused', (text) => {
  expect(() => readSince(text)).toThrow('--since must be');
});
