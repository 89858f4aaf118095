import { expect, it } from 'vitest';
import { headlineJson, headlineStyle, headlines } from '../../src/cli/headline.js';
import { Headline, HeadlineStatus, Rule } from '../../src/gen/budgetarbiter/v1/budget.js';

const standing = (budgetId: string, headline: Headline | undefined) => ({
  budget: { budgetId },
  stats: { headline },
});
const saying = (status: HeadlineStatus, text: string) => Headline.fromPartial({ status, text });
const OK = saying(HeadlineStatus.HEADLINE_STATUS_OK, 'OK: nobody is refused');
const REFUSING = saying(HeadlineStatus.HEADLINE_STATUS_REFUSING, "Refusing: the hour's\u001b[2J cap is full");

it('has a line for each budget, the worst first, without what a terminal would obey', () => {
  const observing = { ...OK, observedText: 'Mode OBSERVE: would refuse nobody' };
  const all = [
    standing('a', OK),
    standing('b', REFUSING),
    standing('c', observing),
    standing('d', undefined),
  ];
  expect(headlines(all)).toBe(
    "b: Refusing: the hour's?[2J cap is full\na: OK: nobody is refused\n" +
      'c: OK: nobody is refused. Mode OBSERVE: would refuse nobody\n\n',
  );
  expect(headlines([standing('d', undefined)])).toBe('');
});

it.each([
  [HeadlineStatus.HEADLINE_STATUS_OK, 'green'],
  [HeadlineStatus.HEADLINE_STATUS_UNEVEN, 'yellow'],
  [HeadlineStatus.HEADLINE_STATUS_FULL, 'yellow'],
  [HeadlineStatus.HEADLINE_STATUS_REFUSING, 'red'],
  [HeadlineStatus.HEADLINE_STATUS_PAUSED, 'red'],
])('status %d is %s', (status, style) => {
  expect(headlineStyle(saying(status, ''))).toBe(style);
});

it('is JSON with names', () => {
  expect(headlineJson({ ...REFUSING, rule: Rule.RULE_HOURLY_CAP })).toMatchObject({
    ...{ status: 'HEADLINE_STATUS_REFUSING', rule: 'RULE_HOURLY_CAP' },
  });
  expect(headlineJson(OK)).not.toHaveProperty('rule');
  expect(headlineJson(undefined)).toBeUndefined();
});
