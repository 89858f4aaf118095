import { describe, expect, it } from 'vitest';
import { HourDenials, KNOWN_AIS, OTHER_AIS } from '../../../../src/domain/denials/hour-denials.js';
import { blockers } from './samples.js';

const HOUR = Date.UTC(2026, 10, 29, 14);
const nobody = () => false;
const everybody = () => true;

const note = (hour: HourDenials, aiId: string, known: boolean, at = HOUR, wouldDeny = false) =>
  hour.note({ at, aiId, blockers: blockers('COOLDOWN'), wouldDeny }, known ? everybody : nobody);

it('counts by AI and rule, denials apart from what would be one, and each request once', () => {
  const hour = new HourDenials(HOUR);
  hour.note(
    { at: HOUR + 1, aiId: 'guardian', blockers: blockers('COOLDOWN', 'HOURLY_CAP'), wouldDeny: false },
    nobody,
  );
  hour.note({ at: HOUR + 5, aiId: 'guardian', blockers: blockers('COOLDOWN'), wouldDeny: true }, nobody);
  const { ais, rules, ...rest } = hour.span();
  expect(rest).toEqual({ start: HOUR, end: HOUR + 3_600_000, denied: 1, wouldDeny: 1, floor: 0 });
  expect(ais.get('guardian')).toEqual({
    ...{ denied: 1, wouldDeny: 1, uncounted: 0, lastAt: HOUR + 5 },
    rules: [
      { rule: 'COOLDOWN', denied: 1, wouldDeny: 1, firstAt: HOUR + 1, lastAt: HOUR + 5 },
      { rule: 'HOURLY_CAP', denied: 1, wouldDeny: 0, firstAt: HOUR + 1, lastAt: HOUR + 1 },
    ],
  });
  expect(
    rules.map(({ rule, denied, wouldDeny, last }) => [rule, denied, wouldDeny, last.at, last.wouldDeny]),
  ).toEqual([
    ['COOLDOWN', 1, 1, HOUR + 5, true],
    ['HOURLY_CAP', 1, 0, HOUR + 1, false],
  ]);
});

describe('a flood of names that are made up', () => {
  const hour = new HourDenials(HOUR);
  note(hour, 'guardian', true);
  for (let at = 0; at < 20_000; at += 1) note(hour, `made-up-${at}`, false);
  const { ais, floor } = hour.span();

  it('takes no place of an AI that the budget knows, be it refused once', () => {
    expect(ais.get('guardian')).toMatchObject({ denied: 1, uncounted: 0 });
  });

  it('is bounded, and says how much it leaves out', () => {
    expect(ais.size).toBe(1 + OTHER_AIS);
    expect(floor).toBe(20_000 / OTHER_AIS - 1);
  });
});

it('counts an AI among those that are known from its first grant on, with what it had before', () => {
  const hour = new HourDenials(HOUR);
  note(hour, 'guardian', false);
  note(hour, 'guardian', true);
  for (let at = 0; at < 1_000; at += 1) note(hour, `made-up-${at}`, false);
  // The budget forgets it: it keeps its place in this hour.
  note(hour, 'guardian', false);
  expect(hour.span().ais.get('guardian')).toMatchObject({ denied: 3, uncounted: 0 });
});

it('of more known AIs than there is room for, keeps the most refused', () => {
  const hour = new HourDenials(HOUR);
  for (let turn = 0; turn < 5; turn += 1) note(hour, 'often', true);
  for (let at = 0; at < 2 * KNOWN_AIS; at += 1) note(hour, `known-${at}`, true);
  expect(hour.span().ais.size).toBe(KNOWN_AIS);
  expect(hour.span().ais.get('often')).toMatchObject({ denied: 5, uncounted: 0 });
});

describe('what a write takes along', () => {
  it('is what changed since the last one', () => {
    const hour = new HourDenials(HOUR);
    note(hour, 'a', true);
    note(hour, 'b', true);
    expect([...hour.takeChanges().ais.keys()]).toEqual(['a', 'b']);
    note(hour, 'b', true);
    const changes = hour.takeChanges();
    expect([...changes.ais]).toMatchObject([['b', { denied: 2 }]]);
    expect(hour.takeChanges()).toEqual({ ais: new Map(), gone: [] });
    hour.giveBack(changes);
    expect([...hour.takeChanges().ais.keys()]).toEqual(['b']);
  });

  it('names those that lost their place and were written, and not one that has it again', () => {
    const hour = new HourDenials(HOUR);
    for (let at = 0; at < OTHER_AIS; at += 1) note(hour, `made-up-${at}`, false);
    expect(hour.takeChanges().gone).toEqual([]);
    note(hour, 'one more', false);
    const changes = hour.takeChanges();
    expect(changes.gone).toHaveLength(1);
    hour.giveBack(changes);
    note(hour, changes.gone[0] ?? '', false);
    expect(hour.takeChanges().gone).not.toContain(changes.gone[0]);
  });

  it('stays small in a flood of names that were never written', () => {
    const hour = new HourDenials(HOUR);
    for (let at = 0; at < 100 * OTHER_AIS; at += 1) note(hour, `made-up-${at}`, false);
    const { ais, gone } = hour.takeChanges();
    expect([ais.size, gone.length]).toEqual([OTHER_AIS, 0]);
  });
});
