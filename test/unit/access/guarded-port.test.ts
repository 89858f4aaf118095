import { beforeEach, describe, expect, it } from 'vitest';
import type { RoleGrant } from '../../../src/access/access-settings.js';
import { GuardedPort, LeaseOwners } from '../../../src/access/guarded-port.js';
import { type AccessRule, PERMISSIONS } from '../../../src/access/permissions.js';
import { NOBODY } from '../../../src/arbiter/pending.js';
import type { CallerRequest, Denials } from '../../../src/arbiter/service-port.js';
import { parseLeaseId } from '../../../src/domain/model/lease-id.js';
import type { LeaseRef } from '../../../src/domain/model/requests.js';
import type { Blocker } from '../../../src/domain/model/types.js';
import { ai, operator, viewer } from '../../support/access.js';
import { FakePort } from '../../support/fake-port.js';
import { acquire, usage } from '../../support/requests.js';
import { budget, DENIAL, LEASE_ID, lease, snapshot } from '../../support/samples.js';

const { BudgetService, BudgetAdminService } = PERMISSIONS;
const LEASE = parseLeaseId(LEASE_ID) as LeaseRef;
const REPORT = usage('u', 1);
const NOT_FOUND = { kind: 'refused', refusal: { reason: 'LEASE_NOT_FOUND', leaseId: LEASE_ID } };

let servicePort: FakePort;
let owners: LeaseOwners;
let told: string[];
beforeEach(() => {
  servicePort = new FakePort();
  owners = new LeaseOwners();
  told = [];
});

function guarded(rule: AccessRule, ...roles: RoleGrant[]): GuardedPort {
  return new GuardedPort(servicePort, { name: 'robot', via: 'token', roles }, rule, owners, (budgetId) =>
    told.push(budgetId),
  );
}

const kindsAsked = () => servicePort.asked.map(({ request }) => request.kind);

const OF_A_LEASE: [CallerRequest, AccessRule][] = [
  [{ kind: 'renew', lease: LEASE }, BudgetService.renewSlot],
  [{ kind: 'record', lease: LEASE, usage: REPORT }, BudgetService.recordUsage],
  [{ kind: 'release', lease: LEASE }, BudgetService.release],
];

describe.each(OF_A_LEASE)('%o', (request, rule) => {
  const asOwner = () => guarded(rule, ai('*', 'guardian'));
  const asOther = () => guarded(rule, ai('*', 'sandbox'));

  it('is done for the AI of the lease, which is looked up once', async () => {
    const own = asOwner();
    await own.submit('anthropic', request, NOBODY);
    await own.submit('anthropic', request, NOBODY);
    expect(kindsAsked()).toEqual(['get-lease', request.kind, request.kind]);
  });

  it('of another AI it is as if the lease did not exist, each time', async () => {
    const other = asOther();
    for (let turn = 1; turn <= 2; turn += 1) {
      expect(await other.submit('anthropic', request, NOBODY)).toEqual(NOT_FOUND);
      expect(kindsAsked()).toEqual(Array(turn).fill('get-lease'));
    }
  });

  it('of no lease, or of no budget, it answers the same', async () => {
    servicePort.refuse({ reason: 'LEASE_NOT_FOUND', leaseId: LEASE_ID });
    expect(await asOwner().submit('anthropic', request, NOBODY)).toEqual(NOT_FOUND);
    servicePort.refuse({ reason: 'BUDGET_NOT_FOUND', budgetId: 'anthropic' });
    expect(await asOwner().submit('anthropic', request, NOBODY)).toEqual(NOT_FOUND);
  });

  it('is not looked up for an operator', async () => {
    await guarded(rule, operator('*')).submit('anthropic', request, NOBODY);
    expect(kindsAsked()).toEqual([request.kind]);
  });

  it('is refused to viewers, and to AIs on other budgets', async () => {
    for (const role of [viewer('*'), ai('other', 'guardian')]) {
      const denied = guarded(rule, role).submit('anthropic', request, NOBODY);
      await expect(denied).rejects.toMatchObject({ failure: 'PERMISSION_DENIED' });
    }
    expect(servicePort.asked).toEqual([]);
    expect(told).toEqual(['anthropic', 'anthropic']);
  });
});

describe('denials', () => {
  const rule = BudgetAdminService.listDenials;
  const [blocker] = DENIAL.blockers;
  const last = (aiId: string) => ({ at: 1, aiId, wouldDeny: false, blocker: blocker as Blocker });
  const count = { denied: 1, wouldDeny: 0 };
  const found: Denials = {
    ...{ kind: 'denials' as const, from: 0, to: 1, rows: [], ...count },
    rules: [
      { rule: 'COOLDOWN', ...count, last: last('guardian') },
      { rule: 'PAUSED', ...count, last: last('sandbox') },
    ],
  };

  it('of its own are told to an AI, but not what a rule last said to another', async () => {
    servicePort.deniedRows = found;
    const own = guarded(rule, ai('*', 'guardian'));
    expect(await own.denials('anthropic', { aiId: 'guardian' }, NOBODY)).toEqual({
      ...found,
      rules: [found.rules[0], { rule: 'PAUSED', ...count }],
    });
    expect(await guarded(rule, viewer('*')).denials('anthropic', {}, NOBODY)).toEqual(found);
  });

  it.each([[{}], [{ aiId: 'sandbox' }]])('of others are refused to an AI: %o', async (query) => {
    const denied = guarded(rule, ai('*', 'guardian')).denials('anthropic', query, NOBODY);
    await expect(denied).rejects.toMatchObject({ failure: 'PERMISSION_DENIED' });
    expect([servicePort.asked, told]).toEqual([[], ['anthropic']]);
  });
});

describe('requests that name their AI', () => {
  it.each([
    ['acquire', acquire('sandbox'), BudgetService.acquireSlot],
    [
      'unleased usage',
      { kind: 'record-unleased', aiId: 'sandbox', usage: REPORT },
      BudgetService.recordUsage,
    ],
    ['availability', { kind: 'get-availability', aiId: 'sandbox' }, BudgetService.getAvailability],
    ['a lease', { kind: 'get-lease', key: { aiId: 'sandbox', requestId: 'r' } }, BudgetService.getLease],
  ] as [string, CallerRequest, AccessRule][])('%s', async (_name, request, rule) => {
    const denied = guarded(rule, ai('*', 'guardian')).submit('anthropic', request, NOBODY);
    await expect(denied).rejects.toMatchObject({
      failure: 'PERMISSION_DENIED',
      message: expect.stringContaining('as the AI "sandbox" on the budget "anthropic"'),
    });
    expect(servicePort.asked).toEqual([]);
    expect(told).toEqual(['anthropic']);
    await guarded(rule, ai('anthropic', 'x', 'sandbox')).submit('anthropic', request, NOBODY);
    expect(kindsAsked()).toEqual([request.kind]);
  });

  it('a waiting acquire', async () => {
    const own = guarded(BudgetService.acquireSlot, ai('*', 'guardian'));
    const denied = own.acquireWaiting('anthropic', acquire('sandbox'), 1_000, NOBODY);
    await expect(denied).rejects.toMatchObject({ failure: 'PERMISSION_DENIED' });
    await own.acquireWaiting('anthropic', acquire('guardian'), 1_000, NOBODY);
    expect(owners.get(LEASE_ID)).toBe('guardian');
  });

  it('a grant makes the AI of its lease known', async () => {
    await guarded(BudgetService.acquireSlot, ai('*', 'guardian')).submit(
      'anthropic',
      acquire('guardian'),
      NOBODY,
    );
    await guarded(BudgetService.release, ai('*', 'guardian')).submit(
      'anthropic',
      { kind: 'release', lease: LEASE },
      NOBODY,
    );
    expect(kindsAsked()).toEqual(['acquire', 'release']);
  });
});

describe('reading', () => {
  it('shows an AI its own leases only', async () => {
    const request = { kind: 'get-lease', key: { lease: LEASE } } as const;
    servicePort.answer = () => ({ kind: 'lease', lease: lease() });
    const own = guarded(BudgetService.getLease, ai('*', 'guardian'));
    expect(await own.submit('anthropic', request, NOBODY)).toMatchObject({ kind: 'lease' });
    const other = guarded(BudgetService.getLease, ai('*', 'sandbox'));
    expect(await other.submit('anthropic', request, NOBODY)).toEqual(NOT_FOUND);
  });

  it('lists the budgets of the principal, however many others lie between', async () => {
    const ids = Array.from(
      { length: 50 },
      (_, index) => `${index % 10 === 0 ? 'mine' : 'other'}-${100 + index}`,
    );
    servicePort.budgets = ids.sort().map((budgetId) => budget({}, { budgetId }));
    const own = guarded(BudgetAdminService.listBudgets, viewer('mine-*'));
    const mine = ids.filter((id) => id.startsWith('mine'));
    const shown = async (after: string, limit: number) =>
      (await own.listBudgets(after, limit)).map(({ budgetId }) => budgetId);
    expect(await shown('', 3)).toEqual(mine.slice(0, 3));
    expect(await shown(mine[2] ?? '', 3)).toEqual(mine.slice(3));
    expect(await shown('mine-z', 3)).toEqual([]);
  });

  it('checks the budget of what it is shown', async () => {
    const own = guarded(BudgetAdminService.watchBudget, viewer('mine'));
    const denied = { failure: 'PERMISSION_DENIED' };
    await expect(own.watch('anthropic', () => {})).rejects.toMatchObject(denied);
    await expect(own.closedLeases(snapshot(), 0, 1)).rejects.toMatchObject(denied);
    await expect(own.usageDays(snapshot(), '', '')).rejects.toMatchObject(denied);
    expect(servicePort.watchers.size).toBe(0);
    await own.watch('mine', () => {});
    expect(servicePort.watchers.size).toBe(1);
  });
});

it('forgets the leases that were learnt first', () => {
  const few = new LeaseOwners(2);
  for (const id of ['a', 'b', 'a', 'c']) few.learn(id, 'x');
  expect(['a', 'b', 'c'].map((id) => few.get(id))).toEqual(['x', undefined, 'x']);
});

describe('a session', () => {
  const request = {
    aiId: 'guardian',
    session: { id: 's', owner: 'forged', stream: 'stream' },
    budgetIds: ['anthropic', 'openai'],
  };
  const open = (...roles: RoleGrant[]) =>
    guarded(BudgetService.session, ...roles).openSession(request, () => {}, NOBODY);

  it('is opened in the name of its principal, whatever the caller says', async () => {
    const other = new GuardedPort(
      servicePort,
      { name: 'other', via: 'token', roles: [operator('*')] },
      BudgetService.session,
      owners,
      () => {},
    );
    await open(ai('*', 'guardian'));
    await open(operator('*'));
    await other.openSession(request, () => {}, NOBODY);
    const [asAi, asOperator, asOther] = servicePort.sessions.map((opened) => opened.request.session.owner);
    expect(asAi).toMatch(/^[\w-]{20,}$/);
    expect(asOperator).toBe(asAi);
    expect(asOther).not.toBe(asAi);
  });

  it('of a gateway needs some AI on each of its budgets, and goes on with those alone', async () => {
    const { session, budgetIds } = request;
    const openGateway = (...roles: RoleGrant[]) =>
      guarded(BudgetService.session, ...roles).openSession({ session, budgetIds }, () => {}, NOBODY);
    for (const role of [ai('anthropic', 'guardian'), viewer('*')]) {
      await expect(openGateway(role)).rejects.toMatchObject({ failure: 'PERMISSION_DENIED' });
    }
    expect(servicePort.asked).toEqual([]);
    await openGateway(ai('*', 'guardian'), ai('openai', 'sandbox'));
    await openGateway(operator('anthropic'), ai('openai', 'sandbox'));
    expect(servicePort.sessions.map((opened) => opened.request.ownAis)).toEqual([
      new Map([
        ['anthropic', new Set(['guardian'])],
        ['openai', new Set(['guardian', 'sandbox'])],
      ]),
      new Map([['openai', new Set(['sandbox'])]]),
    ]);
  });

  it('needs its AI on each of its budgets', async () => {
    for (const role of [ai('*', 'sandbox'), ai('anthropic', 'guardian'), viewer('*')]) {
      await expect(open(role)).rejects.toMatchObject({ failure: 'PERMISSION_DENIED' });
    }
    expect(servicePort.asked).toEqual([]);
  });
});

/** Of everything that an operator may ask: what would concern other budgets, too, is asked as for one alone. */
describe('what an operator asks reaches beyond its budgets', () => {
  const reset = { kind: 'reset-clock' } as const;
  const rule = BudgetAdminService.resetClock;

  it.each<[string, RoleGrant[], boolean]>([
    ['over one budget', [operator('anthropic')], true],
    ['over many', [operator('anthropic*'), operator('o*')], true],
    ['over all, and one', [operator('anthropic'), operator('*')], false],
    ['over one, and a viewer of all', [operator('anthropic'), viewer('*')], true],
  ])('never, for one %s', async (_, roles, limited) => {
    await guarded(rule, ...roles).submit('anthropic', reset, NOBODY);
    expect(servicePort.last.request).toEqual(limited ? { ...reset, ofSomeBudgets: true } : reset);
  });
});
