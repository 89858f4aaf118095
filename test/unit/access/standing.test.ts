import { describe, expect, it } from 'vitest';
import type { RoleGrant } from '../../../src/access/access-settings.js';
import { PERMISSIONS } from '../../../src/access/permissions.js';
import { endOf, Followers, isLowered, type Purpose, Standing } from '../../../src/access/standing.js';
import { NOBODY } from '../../../src/arbiter/pending.js';
import { ArbiterError } from '../../../src/arbiter/service-port.js';
import { ai, operator, viewer } from '../../support/access.js';

const { session } = PERMISSIONS.BudgetService;
const { watchBudget } = PERMISSIONS.BudgetAdminService;
const AS_AI: Purpose = { budgetIds: ['anthropic'], aiId: 'guardian' };
const AS_GATEWAY: Purpose = { budgetIds: ['anthropic', 'openai'] };
const WATCH: Purpose = { budgetIds: ['anthropic'] };

describe('roles that allow less of what something was opened for', () => {
  it.each<[string, Purpose, typeof session, RoleGrant[], RoleGrant[], boolean]>([
    ['the same', AS_AI, session, [ai('*', 'guardian')], [ai('*', 'guardian')], false],
    ['without its AI', AS_AI, session, [ai('*', 'guardian')], [ai('*', 'sandbox')], true],
    ['without another AI', AS_AI, session, [ai('*', 'guardian', 'sandbox')], [ai('*', 'guardian')], false],
    ['by another pattern', AS_AI, session, [ai('*', 'guardian')], [ai('anth*', 'guardian')], false],
    ['not on its budget', AS_AI, session, [ai('*', 'guardian')], [ai('openai', 'guardian')], true],
    ['from operator to its AI', AS_AI, session, [operator('*')], [ai('*', 'guardian')], false],
    ['from operator to viewer', AS_AI, session, [operator('*')], [viewer('*')], true],
    ['none', AS_AI, session, [ai('*', 'guardian')], [], true],
    ['a gateway with an AI more', AS_GATEWAY, session, [ai('*', 'a')], [ai('*', 'a', 'b')], false],
    ['a gateway with an AI less', AS_GATEWAY, session, [ai('*', 'a', 'b')], [ai('*', 'a')], true],
    [
      'a gateway with an AI less on one budget',
      ...[AS_GATEWAY, session, [ai('*', 'a', 'b')], [ai('anthropic', 'a', 'b'), ai('openai', 'a')], true],
    ] as never,
    ['a gateway that may do all, then some', AS_GATEWAY, session, [operator('*')], [ai('*', 'a')], true],
    [
      'on a budget of none of its roles',
      AS_GATEWAY,
      session,
      [ai('anthropic', 'a')],
      [ai('anthropic', 'a')],
      false,
    ],
    ['a watch, with more', WATCH, watchBudget, [viewer('anthropic')], [operator('*')], false],
    ['a watch, with less', WATCH, watchBudget, [operator('*')], [viewer('anthropic')], false],
    ['a watch of another budget', WATCH, watchBudget, [viewer('*')], [viewer('openai')], true],
    ['a watch as an AI', WATCH, watchBudget, [viewer('*')], [ai('*', 'guardian')], true],
  ])('%s', (_what, purpose, rule, before, after, expected) => {
    expect(isLowered(before, after, rule, purpose)).toBe(expected);
  });
});

describe('what a principal opened', () => {
  const roles = [ai('*', 'guardian')];

  it('ends when its credentials are withdrawn, whatever it is for', () => {
    const error = endOf({ name: 'robot', roles: [], withdrawn: true }, roles, session, undefined);
    expect(error).toMatchObject({
      failure: 'UNAUTHENTICATED',
      message: expect.stringContaining('withdrawn'),
    });
  });

  it('ends when it may do less of it, and not before it is known what it is for', () => {
    const lowered = { name: 'robot', roles: [ai('*', 'sandbox')] };
    expect(endOf(lowered, roles, session, AS_AI)).toMatchObject({ failure: 'PERMISSION_DENIED' });
    expect(endOf(lowered, roles, session, undefined)).toBeUndefined();
  });

  it('hears of each change, and of nothing any more once it has ended', () => {
    const followers = new Followers();
    const principal = { name: 'robot', via: 'token' as const, roles: [ai('*', 'guardian', 'sandbox')] };
    const told: string[] = [];
    const standing = new Standing(principal, session, followers);
    standing.follow(
      () => AS_AI,
      ({ failure }) => void told.push(`ai ${failure}`),
    );
    standing.follow(
      () => AS_GATEWAY,
      ({ failure }) => void told.push(`gateway ${failure}`),
    );
    followers.tell();
    expect(told).toEqual([]);
    principal.roles = [ai('*', 'guardian')];
    followers.tell();
    expect(told).toEqual(['gateway PERMISSION_DENIED']);
    principal.roles = [];
    followers.tell();
    expect(told).toEqual(['gateway PERMISSION_DENIED', 'ai PERMISSION_DENIED']);
    expect(followers.size).toBe(0);
  });

  it('waits no longer than it may, and its caller is gone then', async () => {
    const followers = new Followers();
    const principal = { name: 'robot', via: 'token' as const, roles, withdrawn: false };
    const standing = new Standing(principal, session, followers);
    const seen: unknown[] = [];
    const waiting = standing.whileGood(NOBODY, AS_AI, (caller) => {
      caller.onGone(() => seen.push(caller.gone));
      return new Promise((_resolve, reject) =>
        caller.onGone(() => reject(new ArbiterError('CANCELLED', ''))),
      );
    });
    Object.assign(principal, { withdrawn: true });
    followers.tell();
    await expect(waiting).rejects.toMatchObject({ failure: 'UNAUTHENTICATED' });
    expect(seen).toEqual([true]);
    expect(followers.size).toBe(0);
  });

  it('is answered as ever while it may wait, and leaves nothing behind', async () => {
    const followers = new Followers();
    const standing = new Standing({ name: 'robot', via: 'token', roles }, session, followers);
    expect(await standing.whileGood(NOBODY, AS_AI, async ({ gone }) => gone)).toBe(false);
    await Promise.resolve();
    expect(followers.size).toBe(0);
  });
});
