import { describe, expect, it } from 'vitest';
import { descriptors } from '../../../../src/api/codec/descriptors.js';
import { DEFAULT_POLICY, type PolicyFields, policyInForce } from '../../../../src/domain/model/policy.js';
import { policyViolations } from '../../../../src/domain/policy/policy-check.js';
import { POLICY_GROUPS, POLICY_ROWS } from '../../../../src/domain/policy/policy-fields.js';
import { rangeViolations } from '../../../../src/domain/policy/policy-ranges.js';

const MESSAGE = descriptors().getMessage('budgetarbiter.v1.Policy');

describe('the table of policy fields', () => {
  it('has each field of the API, once', () => {
    const names = POLICY_ROWS.map(([, { name }]) => name);
    expect([...names].sort()).toEqual(MESSAGE?.fields.map(({ name }) => name).sort());
  });

  it('names durations with their unit, and what it shows in a group that there is', () => {
    for (const [key, { kind, group, help }] of POLICY_ROWS) {
      expect(key.endsWith('Ms')).toBe(kind === 'duration');
      expect(POLICY_GROUPS).toContain(group);
      expect(help.length).toBeGreaterThan(5);
    }
  });

  it('has defaults within its own ranges, which are in force where nothing is set', () => {
    const simple = POLICY_ROWS.filter(([, row]) => 'default' in row);
    const defaults = Object.fromEntries(simple.map(([key]) => [key, DEFAULT_POLICY[key]])) as PolicyFields;
    expect(policyViolations(defaults)).toEqual([]);
    expect(policyInForce({})).toEqual(DEFAULT_POLICY);
  });

  it('has choices that the API knows by the same names', () => {
    for (const [, row] of POLICY_ROWS) {
      if (row.kind !== 'choice') continue;
      const known = MESSAGE?.fields.find(({ name }) => name === row.name)?.enum;
      const prefix = `${row.name.toUpperCase()}_`;
      expect(known?.values.map(({ name }) => name).slice(1)).toEqual(
        row.values.map((value) => prefix + value),
      );
    }
  });

  const ranged = POLICY_ROWS.flatMap(([key, row]) =>
    'least' in row ? [[key, row.name, row.least, row.most] as const] : [],
  );
  it.each(ranged)('%s is refused by name outside of its range, and only there', (key, name, least, most) => {
    const named = (value: number) => rangeViolations({ [key]: value }).map(({ field }) => field);
    const field = `policy.${name}`;
    expect([least - 1, most + 1].map(named)).toEqual([[field], [field]]);
    expect([least, most].flatMap(named)).toEqual([]);
  });
});
