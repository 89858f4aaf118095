import { describe, expect, it } from 'vitest';
import type { RoleGrant } from '../../../src/access/access-settings.js';
import { mayCall, PERMISSIONS, scopeOf } from '../../../src/access/permissions.js';
import type { Principal } from '../../../src/access/principal.js';
import { ai, operator, viewer } from '../../support/access.js';

const principal = (...roles: RoleGrant[]): Principal => ({ name: 'p', via: 'token', roles });
const { acquireSlot, getLease, getDistribution } = PERMISSIONS.BudgetService;
const { updateBudget } = PERMISSIONS.BudgetAdminService;

describe('what a principal may do with a budget', () => {
  it.each([
    ['nobody', [], acquireSlot, undefined],
    ['an AI as itself', [ai('*', 'guardian')], acquireSlot, new Set(['guardian'])],
    ['an AI of another budget', [ai('other', 'guardian')], acquireSlot, undefined],
    ['an AI of two entries', [ai('*', 'a'), ai('anthropic', 'b')], acquireSlot, new Set(['a', 'b'])],
    ['a viewer', [viewer('*')], acquireSlot, undefined],
    ['an operator', [operator('*')], acquireSlot, 'all'],
    ['an AI that views too', [ai('*', 'a'), viewer('*')], getLease, 'all'],
    ['an AI that views elsewhere', [ai('*', 'a'), viewer('other')], getLease, new Set(['a'])],
    ['an AI, of statistics', [ai('*', 'a')], getDistribution, undefined],
    ['a viewer, of a policy', [viewer('*')], updateBudget, undefined],
    ['an operator of another budget', [operator('other')], updateBudget, undefined],
  ] as const)('%s', (_name, roles, rule, expected) => {
    expect(scopeOf(principal(...roles), rule, 'anthropic')).toEqual(expected);
  });

  it('is told apart from what it may do at all', () => {
    expect(mayCall(principal(operator('other')), updateBudget)).toBe(true);
    expect(mayCall(principal(viewer('*')), updateBudget)).toBe(false);
    expect(mayCall(principal(), updateBudget)).toBe(false);
  });
});
