import { describe, expect, it } from 'vitest';
import type { LeaseRef } from '../../src/domain/model/requests.js';
import { caller } from '../support/caller.js';
import { acquire, leaseOf, release } from '../support/requests.js';
import { BUDGET, openSession, openWorld, ROOMY, settled, type World } from './support/world.js';

/** Whatever happens to what somebody waits for, on this replica or on another, is heard as soon as a replica looks. */
describe('who waits hears', () => {
  /** How often a replica with waiters looks, and what an answer takes. */
  const SOON_MS = 300;
  const session = (stream: string) => ({ id: 'session', owner: '', stream });
  const waiter = acquire('a', { requestId: 'mine', estimatedTokens: 100, session: session('stream-1') });
  const HAPPENINGS: readonly [
    what: string,
    happen: (world: World, by: number, held: LeaseRef) => Promise<unknown>,
    heard: object,
  ][] = [
    [
      'that its request was granted to another call, and cools down since',
      async (world, by) => {
        await world.ask({ kind: 'resume' }, by);
        return world.ask({ ...waiter, nonce: 'other' }, by);
      },
      { kind: 'granted' },
    ],
    [
      'that its request was granted to another call, and is over',
      async (world, by) => {
        await world.ask({ kind: 'resume' }, by);
        const lease = leaseOf(await world.ask({ ...waiter, nonce: 'other' }, by));
        return world.ask(release(lease), by);
      },
      { kind: expect.stringMatching('granted|refused') },
    ],
    [
      'that the budget is deleted, which nobody held a slot of',
      async (world, by, held) => {
        await world.ask(release(held));
        await world.scheduler.advance(1_000);
        return world.ask({ kind: 'delete-budget', force: false }, by);
      },
      { kind: 'refused', refusal: { reason: 'BUDGET_NOT_FOUND', budgetId: BUDGET } },
    ],
    ['that it goes on', (world, by) => world.ask({ kind: 'resume' }, by), { kind: 'granted' }],
    [
      'that no waiting helps under another policy',
      (world, by) => world.ask({ kind: 'put-policy', fields: { ...ROOMY, maxRequestTokens: 1 } }, by),
      { kind: 'denied', denial: { permanent: true } },
    ],
    [
      'that another stream goes on with its session',
      async (world, by) => {
        // By its own replica its stream ends, and its callers with it.
        await openSession(world, session('stream-2'), { replica: 1 });
        return by;
      },
      { kind: 'refused', refusal: { reason: 'SESSION_TAKEN_UP' } },
    ],
  ];

  it.each([0, 1].flatMap((by) => HAPPENINGS.map(([what, happen, heard]) => ({ by, what, happen, heard }))))(
    '$what, by replica $by',
    async ({ by, happen, heard }) => {
      // A lease of the session itself, by which it is known that it was taken up.
      const world = await openWorld({ replicas: 2, policy: { ...ROOMY, cooldownMs: 0, maxConcurrent: 100 } });
      const opened = await openSession(world, session('stream-1'));
      const held = await opened.acquire({ estimatedTokens: 1 });
      await world.ask({ kind: 'put-policy', fields: { ...ROOMY, cooldownMs: 5_000, maxConcurrent: 100 } });
      await world.scheduler.advance(6_000);
      await world.ask({ kind: 'pause', reason: 'test' });
      const answer = settled(world.arbiter.acquireWaiting(BUDGET, waiter, 60_000, caller()));
      await world.scheduler.advance(1_000);
      await happen(world, by, held);
      const since = world.scheduler.now;
      const { status, ...result } = await world.scheduler.until(answer);
      expect(world.scheduler.now - since).toBeLessThan(SOON_MS);
      expect(status).toBe('fulfilled');
      expect(result).toMatchObject({ value: heard });
    },
  );

  it.each([0, 1])('that its request id is taken by a smaller request, by replica %s', async (by) => {
    const policy = { ...ROOMY, monthlyLimit: 1_000, enforcedPercent: 100, emergencyPercent: 100 };
    const world = await openWorld({ replicas: 2, policy: { ...policy, maxConcurrent: 100 } });
    await world.ask(acquire('z', { estimatedTokens: 900 }));
    const asked = { requestId: 'mine', fingerprint: 'large', estimatedTokens: 500 };
    const answer = settled(world.arbiter.acquireWaiting(BUDGET, acquire('a', asked), 60_000, caller()));
    await world.scheduler.advance(1_000);
    leaseOf(await world.ask(acquire('a', { ...asked, fingerprint: 'small', estimatedTokens: 10 }), by));
    const since = world.scheduler.now;
    const result = await world.scheduler.until(answer);
    expect(world.scheduler.now - since).toBeLessThan(SOON_MS);
    expect(result).toMatchObject({ value: { refusal: { reason: 'ID_REUSED', field: 'request_id' } } });
  });
});
