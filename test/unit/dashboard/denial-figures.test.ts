import { expect, it } from 'vitest';
import { byAi, byHour, hoursOfAis } from '../../../dashboard/denial-figures.js';

const [TWO, THREE] = ['2026-11-24T14:00:00Z', '2026-11-24T15:00:00Z'];
const row = (start: string, aiId: string, rule: string, more: object) => ({
  ...{ start, end: start, aiId, rule: `RULE_${rule}`, lastAt: start },
  ...more,
});
const rows = [
  row(THREE, 'guardian', 'HOURLY_CAP', { denied: '5', aiDenied: '6', wouldDeny: '1' }),
  row(THREE, 'guardian', 'COOLDOWN', { denied: '2', aiDenied: '6' }),
  row(TWO, 'guardian', 'COOLDOWN', { denied: '9', aiDenied: '9' }),
  row(TWO, 'sandbox', 'COOLDOWN', { denied: '20', aiDenied: '20' }),
];

it('counts a request of several rules once', () => {
  const ais = byAi(rows, 'denied');
  expect(ais.map(({ aiId, count, rules }) => [aiId, count, rules])).toEqual([
    ['sandbox', 20, ['COOLDOWN']],
    ['guardian', 15, ['COOLDOWN', 'HOURLY_CAP']],
  ]);
  expect([...byHour(ais)].sort()).toEqual([
    [Date.parse(TWO), 29],
    [Date.parse(THREE), 6],
  ]);
});

it('keeps apart what would have been refused', () => {
  expect(hoursOfAis(rows, 'wouldDeny').map(({ aiId, rule, count }) => [aiId, rule, count])).toEqual([
    ['guardian', 'HOURLY_CAP', 1],
  ]);
});
