import { describe, expect, it } from 'vitest';
import { exportHead, exportLine, exportName } from '../../../../src/domain/statistics/usage-lines.js';

const ROW = {
  ...{
    budgetId: 'anthropic',
    day: '2026-11-28',
    aiId: 'guardian',
    model: 'm',
    teamId: 'web',
    unit: 'tokens',
  },
  ...{ tokens: 900, calls: 4, failedCalls: 1 },
};

describe('usage as a file', () => {
  it('has a head, and a line for each row', () => {
    expect(exportHead('csv')).toBe('budget,day,ai,model,team,tokens,calls,failed_calls,unit\r\n');
    expect(exportLine('csv', ROW)).toBe('anthropic,2026-11-28,guardian,m,web,900,4,1,tokens\r\n');
    expect(exportHead('jsonl')).toBe('');
    expect(exportLine('jsonl', { ...ROW, teamId: '(none)' })).toBe(
      '{"budget":"anthropic","day":"2026-11-28","ai":"guardian","model":"m","team":"","tokens":900,"calls":4,"failed_calls":1,"unit":"tokens"}\n',
    );
    expect(exportName('anthropic', '2026-09-01', '2026-11-28', 'csv')).toBe(
      'anthropic_2026-09-01_2026-11-28.csv',
    );
  });

  it.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['a,b', '"a,b"'],
    ['say "x"', '"say ""x"""'],
    ['=HYPERLINK("x")', `"'=HYPERLINK(""x"")"`],
    ['a-b', 'a-b'],
  ])('a name such as %s is %s there', (model, cell) => {
    expect(exportLine('csv', { ...ROW, model })).toBe(
      `anthropic,2026-11-28,guardian,${cell},web,900,4,1,tokens\r\n`,
    );
  });
});
