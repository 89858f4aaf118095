import { describe, expect, it } from 'vitest';
import type { SessionRequest } from '../../src/arbiter/service-port.js';
import { caller } from '../support/caller.js';
import { Gate } from '../support/gate.js';
import { acquire, record } from '../support/requests.js';
import { FIRST, live, POLICY, SECOND, world } from './support/session-world.js';
import { BUDGET, openSession, settled, type World } from './support/world.js';

const S = 1_000;

/** Whoever knows the id of a session, and has not what it takes to be its next stream, does it no harm. */
describe('a healthy stream', () => {
  type Attempt = [string, (of: World, replica: number) => Promise<unknown>];
  const attempt = (of: World, replica: number, more: Partial<SessionRequest>) => {
    const request = { aiId: 'a', session: SECOND, budgetIds: [BUDGET], ...more };
    const arbiter = of.replicas[replica] ?? of.arbiter;
    return of.scheduler.until(settled(arbiter.openSession(request, () => {}, caller())));
  };
  const ATTEMPTS: readonly Attempt[] = [
    ['by another AI', (of, replica) => attempt(of, replica, { aiId: 'b' })],
    [
      'by another principal',
      (of, replica) => attempt(of, replica, { session: { ...SECOND, owner: 'thief' } }),
    ],
    [
      'of a budget that there is not',
      (of, replica) => attempt(of, replica, { budgetIds: [BUDGET, 'nowhere'] }),
    ],
    ['of no budget that there is', (of, replica) => attempt(of, replica, { budgetIds: ['nowhere'] })],
    [
      'whose caller goes meanwhile',
      async (of, replica) => {
        const [gone, commit] = [caller(), new Gate()];
        of.stores[replica]?.once('commit', { kind: 'hold', gate: commit });
        const request = { aiId: 'a', session: SECOND, budgetIds: [BUDGET] };
        const arbiter = of.replicas[replica] ?? of.arbiter;
        const opened = settled(arbiter.openSession(request, () => {}, gone));
        await of.scheduler.advance(100);
        gone.leave();
        commit.open();
        expect((await of.scheduler.until(opened)).status).toBe('rejected');
      },
    ],
    [
      'whose answer the store holds back too long',
      async (of, replica) => {
        const gate = new Gate();
        of.stores[replica]?.once('commit', { kind: 'hold', gate });
        const opened = await attempt(of, replica, {});
        expect(opened.status).toBe('rejected');
        gate.open();
      },
    ],
    [
      'whose second budget does not answer',
      async (of, replica) => {
        const [made, asked] = [of.replicas[1 - replica], of.stores[replica]];
        if (made === undefined || asked === undefined) throw new Error('no such replica');
        await of.scheduler.until(made.submit('other', { kind: 'put-policy', fields: POLICY }, caller()));
        // It is looked for by loading it, and taken up after one look more.
        asked.plan = ({ method, args }) =>
          method === 'version' && args[0] === 'other' ? { kind: 'fail', failure: 'unavailable' } : undefined;
        const opened = await attempt(of, replica, { budgetIds: [BUDGET, 'other'] });
        expect(opened.status).toBe('rejected');
        asked.healthy();
      },
    ],
  ];

  it.each([0, 1].flatMap((replica) => ATTEMPTS.map(([what, fail]) => ({ replica, what, fail }))))(
    'outlives a take-up $what, on replica $replica',
    async ({ replica, fail }) => {
      const of = await world({ replicas: 2, policy: { ...POLICY, leaseTtlMs: 30 * S } });
      const healthy = await openSession(of, FIRST);
      const lease = await healthy.acquire();
      await fail(of, replica);
      expect(healthy.takenUp()).toBe(false);
      // Longer than the grace, and than the lease has without its stream.
      await of.scheduler.advance(100 * S);
      expect(await of.ask({ kind: 'renew', lease, session: FIRST })).toMatchObject({ kind: 'renewed' });
      await healthy.acquire();
    },
  );
});

describe('a stream whose session goes on', () => {
  it('on another replica tells its old stream so at the next call of that one', async () => {
    const of = await world({ replicas: 2 });
    const old = await openSession(of, FIRST);
    const lease = await old.acquire({ requestId: 'mine' });
    await openSession(of, SECOND, { replica: 1 });
    const session = FIRST;
    for (const request of [
      { kind: 'renew', lease, session },
      { kind: 'release', lease, session },
      acquire('a', { session }),
      acquire('a', { session, requestId: 'mine' }),
    ] as const) {
      expect(await of.ask(request)).toEqual({ kind: 'refused', refusal: { reason: 'SESSION_TAKEN_UP' } });
    }
    expect(await of.ask(record(lease, 'u', 5))).toMatchObject({ kind: 'recorded', late: false });
    await of.scheduler.advance(120 * S);
    expect(await live(of)).toBe(1);
  });
});
