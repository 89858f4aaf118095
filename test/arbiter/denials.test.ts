import { describe, expect, it } from 'vitest';
import { Arbiter } from '../../src/arbiter/arbiter.js';
import { getDistribution } from '../../src/arbiter/distribution.js';
import type { DenialQuery, Denials } from '../../src/arbiter/service-port.js';
import type { DenialWrite } from '../../src/domain/denials/records.js';
import { SILENT_LOG } from '../../src/platform/log.js';
import { caller } from '../support/caller.js';
import { acquire, leaseOf, recordUnleased } from '../support/requests.js';
import { BUDGET, ONE_SLOT, openWorld, ROOMY, type World } from './support/world.js';

const HOUR = Date.parse('2026-11-10T09:00:00Z');

async function denials(world: World, query: DenialQuery = {}, arbiter = world.arbiter): Promise<Denials> {
  const found = await world.scheduler.until(arbiter.denials(BUDGET, query, caller()));
  if (found.kind !== 'denials') throw new Error(JSON.stringify(found));
  return found;
}

const brief = ({ rows }: Denials) =>
  rows.map(({ aiId, rule, denied, wouldDeny }) => [aiId, rule, denied, wouldDeny]);

describe('denials are kept', () => {
  it('at once, with the figures of the last of each rule', async () => {
    const world = await openWorld({ policy: ONE_SLOT });
    await world.ask(acquire('a'));
    await world.ask(acquire('b'));
    await world.ask(acquire('b'));
    const found = await denials(world);
    expect(brief(found)).toEqual([['b', 'CONCURRENCY', 2, 0]]);
    expect(found).toMatchObject({ denied: 2, wouldDeny: 0, rows: [{ start: HOUR, end: HOUR + 3_600_000 }] });
    expect(found.rules[0]?.last).toMatchObject({
      aiId: 'b',
      blocker: { rule: 'CONCURRENCY', limit: 1, spent: 1 },
    });
    expect(world.arbiter.counts.commits).toBe(2);
  });

  it('of one who waits, once, when it stops waiting in vain', async () => {
    const world = await openWorld({ policy: ONE_SLOT });
    await world.ask(acquire('a'));
    const waited = world.arbiter.acquireWaiting(BUDGET, acquire('b'), 3_000, caller());
    await world.scheduler.advance(1_000);
    expect(brief(await denials(world))).toEqual([]);
    expect(await world.scheduler.until(waited)).toMatchObject({ kind: 'denied' });
    expect(brief(await denials(world))).toEqual([['b', 'CONCURRENCY', 1, 0]]);
  });

  it('of one who need not wait, since time alone helps', async () => {
    const world = await openWorld({ policy: { ...ROOMY, cooldownMs: 60_000 } });
    await world.ask(acquire('a'));
    const waited = world.arbiter.acquireWaiting(BUDGET, acquire('a'), 3_000, caller());
    expect(await world.scheduler.until(waited)).toMatchObject({ kind: 'denied' });
    expect(brief(await denials(world))).toEqual([['a', 'COOLDOWN', 1, 0]]);
  });

  it('apart in mode OBSERVE, where they would have been', async () => {
    const world = await openWorld({ policy: { ...ONE_SLOT, mode: 'OBSERVE' } });
    await world.ask(acquire('a'));
    await world.ask(acquire('b'));
    expect(brief(await denials(world))).toEqual([['b', 'CONCURRENCY', 0, 1]]);
  });

  it('and not of a raise that is refused: its lease goes on', async () => {
    const world = await openWorld({ policy: { ...ROOMY, maxRequestTokens: 2_000 } });
    const lease = leaseOf(await world.ask(acquire('a')));
    const renewed = await world.ask({ kind: 'renew', lease, reserveTokens: 3_000 });
    expect(renewed).toMatchObject({ kind: 'renewed', raiseDenied: {} });
    expect(brief(await denials(world))).toEqual([]);
  });

  it('of the budget as it is now, none of the one before', async () => {
    const world = await openWorld({ policy: ONE_SLOT });
    await world.ask(acquire('a'));
    await world.ask(acquire('b'));
    await world.ask({ kind: 'delete-budget', force: true });
    await world.ask({ kind: 'put-policy', fields: ROOMY });
    expect(brief(await denials(world))).toEqual([]);
  });
});

describe('denials are asked for', () => {
  it('by hours, each whole', async () => {
    const world = await openWorld({
      policy: { ...ONE_SLOT, leaseTtlMs: 24 * 3_600_000, maxLeaseDurationMs: 24 * 3_600_000 },
    });
    await world.ask(acquire('a'));
    await world.ask(acquire('b'));
    await world.scheduler.advance(3_600_000);
    await world.ask(acquire('b'));
    const starts = async (query: DenialQuery) =>
      (await denials(world, query)).rows.map(({ start }) => start - HOUR);
    expect(await starts({})).toEqual([3_600_000, 0]);
    expect(await starts({ from: HOUR + 3_599_999 })).toEqual([3_600_000, 0]);
    expect(await starts({ from: HOUR + 3_600_000 })).toEqual([3_600_000]);
    expect(await starts({ from: HOUR, to: HOUR + 3_600_000 })).toEqual([0]);
    expect(await starts({ from: HOUR, to: HOUR + 3_600_001 })).toEqual([3_600_000, 0]);
  });

  it.each([
    ['a beginning that is to come', { from: HOUR + 7_200_000 }],
    ['a beginning more than 7 days ago, without an end', { from: HOUR - 7 * 86_400_000 }],
  ])('but not of %s', async (_name, query) => {
    const world = await openWorld();
    const refused = await world.scheduler.until(world.arbiter.denials(BUDGET, query, caller()));
    expect(refused).toMatchObject({ refusal: { reason: 'INVALID_FIELD', violations: [{ field: 'from' }] } });
  });

  it('and not of a budget that is not there', async () => {
    const world = await openWorld();
    const refused = await world.scheduler.until(world.arbiter.denials('nobody', {}, caller()));
    expect(refused).toMatchObject({ refusal: { reason: 'BUDGET_NOT_FOUND' } });
  });
});

/** Hour by hour what the store has, in words. */
async function stored({ inner }: World) {
  const records = await inner.readDenials(BUDGET, 1, 0, HOUR + 99 * 3_600_000);
  return records.map(({ start, denied, ais }) => {
    const byAi = [...ais].map(([name, ai]) => `${name} ${ai.denied}`);
    return `${(start - HOUR) / 3_600_000}: ${denied}; ${byAi.sort().join(', ')}`;
  });
}

/** The first replica ended, and another one runs on its store. */
function restart(world: World, copyId: string): Arbiter {
  const { inner: store, clock, scheduler } = world;
  const again = new Arbiter({ store, clock, scheduler, log: SILENT_LOG, copyId, maxSkewMs: 2_000 });
  again.start();
  return again;
}

describe('denials of several replicas', () => {
  /** Two replicas refuse; the names of the first three are written, those of the last two are not. */
  async function twoReplicas(): Promise<World> {
    const world = await openWorld({ replicas: 2, policy: { ...ONE_SLOT, leaseTtlMs: 3_600_000 } });
    await world.ask(acquire('a'));
    await world.ask(acquire('b'), 0);
    await world.ask(acquire('b'), 0);
    await world.ask(acquire('b'), 1);
    await world.scheduler.advance(66_000);
    await world.ask(acquire('b'), 0);
    await world.ask(acquire('c'), 1);
    return world;
  }

  it('are added up, the own at once, those of others once their names are written', async () => {
    const world = await twoReplicas();
    expect(brief(await denials(world))).toEqual([['b', 'CONCURRENCY', 4, 0]]);
    expect(brief(await denials(world, {}, world.replicas[1]))).toEqual([
      ['b', 'CONCURRENCY', 3, 0],
      ['c', 'CONCURRENCY', 1, 0],
    ]);
    await world.scheduler.advance(6_000);
    // Sums come within 5 s: whose they are is told within a minute.
    expect(brief(await denials(world))).toEqual([
      ['(other)', 'CONCURRENCY', 1, 0],
      ['b', 'CONCURRENCY', 4, 0],
    ]);
    await world.scheduler.advance(60_000);
    expect(brief(await denials(world))).toEqual([
      ['b', 'CONCURRENCY', 4, 0],
      ['c', 'CONCURRENCY', 1, 0],
    ]);
  });

  it.each(['copy-0', 'another'])(
    'lose what was not written when one is killed, and count none twice, as %s again',
    async (copyId) => {
      const world = await twoReplicas();
      world.stores[0]?.failing('unavailable');
      await world.scheduler.advance(1_000);
      const again = restart(world, copyId);
      // Of the first, the denial of the last second is lost; of the other, a name is still to come.
      expect(brief(await denials(world, {}, again))).toEqual([
        ['(other)', 'CONCURRENCY', 1, 0],
        ['b', 'CONCURRENCY', 3, 0],
      ]);
      const refused = await world.scheduler.until(again.submit(BUDGET, acquire('b'), caller()));
      expect(refused.kind).toBe('denied');
      await world.scheduler.advance(66_000);
      const all = [
        ['b', 'CONCURRENCY', 4, 0],
        ['c', 'CONCURRENCY', 1, 0],
      ];
      expect(brief(await denials(world, {}, again))).toEqual(all);
      expect(brief(await denials(world, {}, world.replicas[1]))).toEqual(all);
      expect((await denials(world, {}, again)).denied).toBe(5);
    },
  );

  it('are all written when one stops in order', async () => {
    const world = await twoReplicas();
    await world.scheduler.until(world.arbiter.stop());
    expect((await stored(world)).sort()).toEqual(['0: 1; b 1', '0: 3; b 3']);
  });

  it('make the headline of all of them', async () => {
    const world = await openWorld({ replicas: 2, policy: { ...ROOMY, maxHourlyPercent: 0.002 } });
    await world.ask(recordUnleased('a', 'u', 1_000));
    await world.ask(acquire('b', { estimatedTokens: 1_000 }), 0);
    await world.ask(acquire('c', { estimatedTokens: 1_000 }), 1);
    await world.scheduler.advance(11_000);
    const found = await world.scheduler.until(getDistribution(world.arbiter, BUDGET, {}, caller()));
    expect(found).toMatchObject({ stats: { headline: { status: 'REFUSING', ais: 2, perMinute: 2 } } });
  });
});

describe('a store that does not take denials', () => {
  it('fails nobody, and gets them later, each once', async () => {
    const world = await openWorld({ policy: ONE_SLOT });
    await world.ask(acquire('a'));
    world.store.plan = ({ method }) =>
      method === 'writeDenials' ? { kind: 'fail', failure: 'unavailable' } : undefined;
    await world.ask(acquire('b'));
    await world.scheduler.advance(70_000);
    expect(await stored(world)).toEqual([]);
    world.store.healthy();
    // It was done, and nobody knows.
    world.store.once('writeDenials', { kind: 'lose-answer' });
    await world.scheduler.advance(130_000);
    expect(await stored(world)).toEqual(['0: 1; b 1']);
    const told = world.log.entries.filter(({ message }) =>
      message.startsWith('denials could not be written'),
    );
    expect(told.map(({ level }) => level)).toEqual(['warn']);
  });

  it('for good, since they are refused, is not asked for ever; those of other budgets get there', async () => {
    const world = await openWorld({ policy: ONE_SLOT });
    const other = { kind: 'put-policy', fields: ONE_SLOT } as const;
    await world.scheduler.until(world.arbiter.submit('other', other, caller()));
    for (const budget of [BUDGET, 'other'])
      for (const aiId of ['a', 'b'])
        await world.scheduler.until(world.arbiter.submit(budget, acquire(aiId), caller()));
    const isGuilty = (args: readonly unknown[]) =>
      (args[0] as DenialWrite[]).some(({ head }) => head.budgetId === 'other');
    world.store.plan = ({ method, args }) =>
      method === 'writeDenials' && isGuilty(args) ? { kind: 'fail', failure: 'refused' } : undefined;
    await world.scheduler.advance(130_000);
    expect(await stored(world)).toEqual(['0: 1; b 1']);
    const asked = world.store.count('writeDenials');
    await world.scheduler.advance(60_000);
    expect(world.store.count('writeDenials')).toBe(asked);
  });
});

describe('the headline', () => {
  const now = async (world: World) => {
    const found = await world.scheduler.until(getDistribution(world.arbiter, BUDGET, {}, caller()));
    return 'stats' in found ? found.stats.headline : undefined;
  };

  it('is the same in statistics and to watchers, and follows what happens', async () => {
    const world = await openWorld({ policy: { ...ROOMY, maxHourlyPercent: 0.002 } });
    const told: (string | undefined)[] = [];
    await world.arbiter.watch(BUDGET, ({ headline }) => told.push(headline?.text));
    await world.scheduler.advance(1_000);
    expect(told.at(-1)).toBe('OK: nobody is refused');
    await world.ask(recordUnleased('a', 'u', 1_000));
    await world.ask(acquire('b', { estimatedTokens: 1_000 }));
    await world.scheduler.advance(1_000);
    const text = "Refusing: the hour's cap leaves too little until 10:00; 1 AI, 1 denial a minute";
    expect(await now(world)).toMatchObject({ status: 'REFUSING', text, rule: 'HOURLY_CAP', ais: 1 });
    expect(told.at(-1)).toBe(text);
    await world.scheduler.advance(3_600_000);
    expect([(await now(world))?.status, told.at(-1)]).toEqual(['OK', 'OK: nobody is refused']);
  });

  it('says that the store is away, and what was last known', async () => {
    const world = await openWorld({ replicas: 2 });
    let told: string | undefined;
    await world.arbiter.watch(BUDGET, ({ headline }) => {
      told = headline?.text;
    });
    await world.scheduler.advance(1_000);
    world.store.plan = () => ({ kind: 'fail', failure: 'unavailable' });
    await world.scheduler.advance(3_000);
    expect(told).toBe('The store does not answer. Last known: OK: nobody is refused');
  });

  it('has none of a past month', async () => {
    const world = await openWorld();
    const found = await world.scheduler.until(
      getDistribution(world.arbiter, BUDGET, { month: '2026-10' }, caller()),
    );
    expect(found).not.toHaveProperty('stats.headline');
  });
});
