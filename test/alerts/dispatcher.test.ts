import { describe, expect, it } from 'vitest';
import { AlertWorld, FAILED, HEARD, POLICY, sinkNamed, type Told } from './support/alert-world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('alerts on their way to sinks', () => {
  it('are told once each, with the same id in every repeat', async () => {
    const world = await AlertWorld.open({ answer: ({ attempt }) => (attempt < 3 ? FAILED : HEARD) });
    await world.spend(600);
    await world.scheduler.advance(HOUR);
    expect(world.toldOf('WARNING')).toEqual(['0 ops raised 1', '0 ops raised 2', '0 ops raised 3']);
    const told = world.told.filter(({ notice }) => notice.alert.rule === 'WARNING');
    expect(new Set(told.map(({ notice }) => JSON.stringify(notice))).size).toBe(1);
    expect((await world.marks('WARNING'))[0]?.deliveries).toEqual([
      { sink: 'ops', notice: 'RAISED', status: 'DELIVERED', failures: 2 },
    ]);
  });

  it('wait longer and longer, and are given up after an hour', async () => {
    const world = await AlertWorld.open({ answer: () => FAILED });
    await world.spend(600);
    await world.scheduler.advance(3 * HOUR);
    const times = world.told.filter(({ notice }) => notice.alert.rule === 'WARNING').map(({ at }) => at);
    const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    for (const [index, wait] of waits.entries()) {
      const most = Math.min(300_000, 1_000 * 2 ** index);
      // What was committed meanwhile comes on top.
      expect(wait).toBeGreaterThanOrEqual(most / 2);
      expect(wait).toBeLessThanOrEqual(most + 100);
    }
    const lasted = (times.at(-1) ?? 0) - (times[0] ?? 0);
    expect(lasted).toBeGreaterThanOrEqual(HOUR);
    expect(lasted).toBeLessThan(HOUR + 6 * MINUTE);
    expect((await world.marks('WARNING'))[0]?.deliveries).toMatchObject([{ status: 'GAVE_UP' }]);
    const lines = world.log.entries.filter(
      ({ level, fields }) => level === 'error' && fields['rule'] === 'WARNING',
    );
    expect(lines).toMatchObject([{ fields: { sink: 'ops', tries: times.length } }]);
  });

  it('leave a sink alone as long as it asks', async () => {
    const world = await AlertWorld.open({
      answer: ({ attempt }) => (attempt > 1 ? HEARD : { ...FAILED, retryAfterMs: 90_000 }),
    });
    await world.spend(600);
    await world.scheduler.advance(89_000);
    expect(world.toldOf('WARNING')).toHaveLength(1);
    await world.scheduler.advance(2_000);
    expect(world.toldOf('WARNING')).toHaveLength(2);
  });

  it('that end are told so, to those who were told of the start, and in that order', async () => {
    const heard = (told: Told) => (told.sink === 'late' && told.at < 3 * MINUTE ? FAILED : HEARD);
    const world = await AlertWorld.open({ sinks: [sinkNamed('ops'), sinkNamed('late')], answer: heard });
    await world.spend(600);
    await world.scheduler.advance(1_000);
    await world.ask({ kind: 'put-policy', fields: { monthlyLimit: 100_000 } });
    await world.scheduler.advance(7 * HOUR);
    const told = world.toldOf('WARNING');
    expect(told.filter((line) => line.includes('ops'))).toEqual(['0 ops raised 1', '0 ops ended 1']);
    expect(told.filter((line) => line.includes('late')).slice(-2)).toEqual([
      expect.stringMatching(/late raised/),
      '0 late ended 1',
    ]);
    const ended = world.told.find(({ notice }) => notice.type === 'ended');
    expect(ended?.notice.alert.endedAt).toBeGreaterThan(ended?.notice.alert.raisedAt ?? 0);
    const raised = world.told.findLast(({ sink, notice }) => sink === 'late' && notice.type === 'raised');
    expect(raised?.notice.alert.endedAt).toBeUndefined();
  });

  it('that end by themselves are told so though nobody asks for anything', async () => {
    const world = await AlertWorld.open();
    await world.ask({ kind: 'put-policy', fields: { ...POLICY, maxHourlyPercent: 10 } });
    await world.spend(90);
    await world.scheduler.advance(2 * HOUR);
    expect(world.toldOf('HOURLY_BURST')).toEqual(['0 ops raised 1', '0 ops ended 1']);
    const { alert } = world.told.findLast(({ notice }) => notice.type === 'ended')?.notice ?? {};
    expect(new Date(alert?.endedAt ?? 0).toISOString()).toMatch(/^2026-11-10T10:00:0/);
  });

  it('go to the sinks whose rules and budgets they fit; the log and the metric choose for themselves', async () => {
    const sinks = [
      sinkNamed('others', { budgets: ['team-*'] }),
      sinkNamed('some', { rules: ['WARNING'], budgets: ['anth*'] }),
      { name: 'lines', kind: 'log', rules: ['CRITICAL'], budgets: ['*'] } as const,
      { name: 'numbers', kind: 'metric', rules: ['WARNING'], budgets: ['*'] } as const,
    ];
    const world = await AlertWorld.open({ sinks });
    await world.spend(960);
    await world.scheduler.advance(MINUTE);
    expect(world.told.map(({ sink, notice }) => `${sink} ${notice.alert.rule}`)).toEqual(['some WARNING']);
    const lines = world.log.entries.filter(({ message }) => message.startsWith('alert: '));
    expect(lines.map(({ fields }) => fields['rule'])).toEqual(['CRITICAL']);
    expect(world.counted.map(({ rule }) => rule)).toEqual(['WARNING']);
  });

  it('do not wait for a sink that hangs', async () => {
    const sinks = [sinkNamed('hangs'), sinkNamed('ops')];
    const world: AlertWorld = await AlertWorld.open({
      sinks,
      answer: ({ sink }) => (sink === 'hangs' ? world.later(10_000, FAILED) : HEARD),
    });
    await world.spend(999);
    await world.scheduler.advance(500);
    const ops = world.told.filter(({ sink }) => sink === 'ops');
    expect(ops.map(({ notice }) => notice.alert.rule)).toEqual(
      expect.arrayContaining(['WARNING', 'CRITICAL', 'EMERGENCY']),
    );
    expect(world.told.filter(({ sink }) => sink === 'hangs')).toHaveLength(2);
    await world.scheduler.advance(MINUTE);
    const hangs = world.told.filter(({ sink }) => sink === 'hangs');
    expect(new Set(hangs.map(({ notice }) => notice.alert.rule))).toEqual(
      new Set(ops.map(({ notice }) => notice.alert.rule)),
    );
  });

  it('are told though the time is not trusted', async () => {
    const world = await AlertWorld.open({ answer: ({ attempt }) => (attempt < 4 ? FAILED : HEARD) });
    await world.spend(600);
    world.clock.distrust('the clocks disagree');
    await world.scheduler.advance(5 * MINUTE);
    expect(world.toldOf('WARNING').at(-1)).toBe('0 ops raised 4');
  });

  it('are not sent again because the store does not answer', async () => {
    const world = await AlertWorld.open({ answer: () => world.later(1_000) });
    const { store } = world.replica(0);
    await world.spend(600);
    await world.scheduler.advance(500);
    store.plan = () => ({ kind: 'fail', failure: 'unavailable' });
    await world.scheduler.advance(2 * MINUTE);
    store.plan = () => undefined;
    await world.scheduler.advance(10 * MINUTE);
    expect(world.toldOf('WARNING')).toEqual(['0 ops raised 1']);
    expect((await world.marks('WARNING'))[0]?.deliveries).toMatchObject([{ status: 'DELIVERED' }]);
  });

  it('of a sink that nobody knows any more are given up in the end', async () => {
    const world = await AlertWorld.open({ replicas: 2, answer: () => FAILED });
    await world.spend(600);
    world.crash(0);
    world.crash(1);
    const other = world.startReplica([sinkNamed('new')]);
    await world.scheduler.advance(50 * MINUTE);
    expect((await world.marks('WARNING'))[0]?.deliveries).toMatchObject([{ sink: 'ops', status: 'PENDING' }]);
    await world.scheduler.advance(15 * MINUTE);
    expect((await world.marks('WARNING'))[0]?.deliveries).toMatchObject([{ sink: 'ops', status: 'GAVE_UP' }]);
    expect(world.told.filter(({ replica }) => replica === other)).toEqual([]);
  });
});
