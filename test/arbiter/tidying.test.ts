import { describe, expect, it } from 'vitest';
import { Tidying } from '../../src/app/tidying.js';
import { Arbiter } from '../../src/arbiter/arbiter.js';
import type { CallerRequest } from '../../src/arbiter/service-port.js';
import { embeddedClock } from '../../src/platform/embedded-clock.js';
import { openMemoryStore } from '../../src/store/memory/memory-store.js';
import { caller } from '../support/caller.js';
import { collectedLog } from '../support/collected-log.js';
import { FaultyStore } from '../support/faulty-store.js';
import { Gate } from '../support/gate.js';
import { ManualClock } from '../support/manual-clock.js';
import { ManualScheduler } from '../support/manual-scheduler.js';
import { acquire, leaseOf, recordUnleased, release } from '../support/requests.js';
import { BUDGET, ROOMY } from './support/world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The embedded service, as far as time concerns it: it can be started, stopped, and told a wrong time. */
class Machine {
  /** What it really is. */
  readonly time = new ManualClock('2026-11-20T12:00:00Z');
  readonly scheduler = new ManualScheduler([this.time]);
  readonly log = collectedLog();
  errorMs = 0;
  private run: { readonly arbiter: Arbiter; readonly tidying: Tidying } | undefined;

  private constructor(
    readonly store: FaultyStore,
    private readonly retentionMonths: number,
  ) {}

  static async open(retentionMonths = 1): Promise<Machine> {
    const machine = new Machine(new FaultyStore(await openMemoryStore()), retentionMonths);
    machine.start();
    await machine.ask({ kind: 'put-policy', fields: { ...ROOMY, monthlyLimit: 10_000 } });
    return machine;
  }

  start(): void {
    const started = this.time.monotonic();
    const sources = {
      wall: () => this.time.read().now + this.errorMs,
      monotonic: () => this.time.monotonic() - started,
    };
    const clock = embeddedClock({ maxSkewMs: 2_000, sources });
    const { store, scheduler, log, retentionMonths } = this;
    const tidying = new Tidying({ store, clock, scheduler, log, retentionMonths });
    const { passed } = tidying;
    const copyId = `run-${started}`;
    const arbiter = new Arbiter({ store, clock, passed, scheduler, log, copyId, maxSkewMs: 2_000 });
    arbiter.start();
    tidying.start();
    this.run = { arbiter, tidying };
  }

  async stop(): Promise<void> {
    const { run } = this;
    if (run === undefined) return;
    await this.scheduler.until(Promise.all([run.tidying.stop(), run.arbiter.stop()]));
    this.run = undefined;
  }

  ask<R extends CallerRequest>(request: R) {
    if (this.run === undefined) throw new Error('it does not run');
    return this.scheduler.until(this.run.arbiter.submit(BUDGET, request, caller()));
  }

  /** Not second by second, which would take long: nobody asks for anything. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= HOUR) {
      const step = Math.min(HOUR, left);
      await this.scheduler.advance(Math.min(step, MINUTE));
      if (step > MINUTE) {
        this.time.advance(step - MINUTE);
        await this.scheduler.advance(0);
      }
    }
  }

  async monthSpent(): Promise<number> {
    const outcome = await this.ask({ kind: 'get-snapshot' });
    if (outcome.kind !== 'snapshot') throw new Error('no snapshot');
    return outcome.snapshot.windows.find(({ kind }) => kind === 'MONTH')?.spent ?? -1;
  }

  get removals() {
    return this.log.entries.filter(({ message }) => message.startsWith('removed'));
  }
}

describe('a clock that is wrong, and believed', () => {
  it.each<[string, (machine: Machine) => Promise<void>]>([
    [
      'at a start',
      async (machine) => {
        await machine.stop();
        machine.errorMs = 40 * DAY;
        machine.start();
        await machine.pass(2 * MINUTE);
      },
    ],
    [
      'after a step that held',
      async (machine) => {
        machine.errorMs = 40 * DAY;
        await machine.ask({ kind: 'get-snapshot' });
        await machine.pass(13 * HOUR);
      },
    ],
    [
      'at a start, years ahead',
      async (machine) => {
        await machine.stop();
        machine.errorMs = 1_100 * DAY;
        machine.start();
        await machine.pass(2 * DAY);
      },
    ],
  ])('%s costs neither usage nor receipts', async (_, happens) => {
    const machine = await Machine.open();
    // For so long that tidying knows the time.
    await machine.pass(15 * DAY);
    await machine.ask(recordUnleased('a', 'before', 6_000));
    await machine.pass(MINUTE);
    await happens(machine);
    await machine.ask(recordUnleased('a', 'under the wrong clock', 100));
    expect(await machine.ask(recordUnleased('a', 'before', 6_000))).toMatchObject({ replayed: true });
    await machine.pass(MINUTE);
    machine.errorMs = 0;
    await machine.stop();
    machine.start();
    await machine.ask({ kind: 'reset-clock' });
    expect(await machine.monthSpent()).toBe(6_000);
    expect(await machine.ask(recordUnleased('a', 'before', 6_000))).toMatchObject({ replayed: true });
    await machine.pass(3 * DAY);
    expect(await machine.monthSpent()).toBe(6_000);
    expect(machine.removals).toEqual([]);
  });

  it('gives no second lease for a request that had one', async () => {
    const machine = await Machine.open();
    await machine.pass(15 * DAY);
    const request = acquire('a', { requestId: 'before' });
    const lease = leaseOf(await machine.ask(request));
    await machine.ask(release(lease));
    await machine.stop();
    machine.errorMs = 40 * DAY;
    machine.start();
    await machine.pass(2 * MINUTE);
    // With a grant, AIs are forgotten that got nothing for long.
    leaseOf(await machine.ask(acquire('b')));
    const refusal = { reason: 'LEASE_CLOSED', lease: { leaseId: lease.leaseId } };
    expect(await machine.ask(request)).toMatchObject({ kind: 'refused', refusal });
  });
});

describe('tidying', () => {
  it('removes what is old once the service has run for days, and says so', async () => {
    const machine = await Machine.open();
    await machine.ask(recordUnleased('a', 'old', 10));
    await machine.pass(90 * DAY);
    expect(await machine.store.readDays(BUDGET, 1, '', '~')).toEqual([]);
    expect(await machine.store.listReceipts(BUDGET, '', '', 9)).toEqual([]);
    const fields = machine.removals.map((entry) => entry.fields);
    expect(fields).toMatchObject([
      { receipts: 1, days: 0 },
      { receipts: 0, days: 1, dayBefore: '2026-12-01' },
    ]);
    expect((await machine.store.readTidyMark())?.lastCut).toMatchObject({ dayBefore: '2027-01-01' });
  });

  it('waits days after a downtime, tells of it, and ends the wait at an operator’s word', async () => {
    const machine = await Machine.open();
    await machine.pass(15 * DAY);
    await machine.ask(recordUnleased('a', 'old', 10));
    await machine.pass(MINUTE);
    await machine.stop();
    machine.time.advance(100 * DAY);
    machine.start();
    await machine.pass(DAY);
    expect(await machine.store.readDays(BUDGET, 1, '', '~')).toHaveLength(1);
    const told = machine.log.entries.filter(({ level }) => level === 'warn').map(({ message }) => message);
    expect(told[0]).toMatch(/^the clock is 100 days ahead of the time .* tidy --clock-is-right/);
    const mark = await machine.store.readTidyMark();
    if (mark === undefined) throw new Error('there is no mark');
    await machine.store.swapTidyMark({
      ...mark,
      revision: mark.revision + 1,
      vouchedFor: machine.time.read().now,
    });
    await machine.scheduler.advance(6 * MINUTE);
    expect(await machine.store.readDays(BUDGET, 1, '', '~')).toEqual([]);
    expect(await machine.store.listReceipts(BUDGET, '', '', 9)).toHaveLength(1);
    await machine.pass(20 * DAY);
    expect(await machine.store.listReceipts(BUDGET, '', '', 9)).toEqual([]);
  });

  it('that meets a clock which is not trusted, or a store that fails, tries again in minutes', async () => {
    const machine = await Machine.open();
    await machine.stop();
    machine.store.failing('unavailable', 'readTidyMark');
    machine.start();
    await machine.scheduler.advance(MINUTE);
    expect(machine.store.count('tidy')).toBe(0);
    machine.store.healthy();
    machine.errorMs = HOUR;
    await machine.ask({ kind: 'get-snapshot' });
    await machine.scheduler.advance(10_000);
    machine.errorMs = 0;
    await machine.scheduler.advance(3 * MINUTE);
    expect(machine.store.count('tidy')).toBe(0);
    await machine.scheduler.advance(2 * MINUTE);
    expect(machine.store.count('tidy')).toBe(1);
  });

  it('ends with the service after the step that is under way, and that is no alarm', async () => {
    const machine = await Machine.open();
    const gate = new Gate();
    machine.store.once('tidy', { kind: 'hold', gate });
    await machine.scheduler.advance(MINUTE);
    const stopping = machine.stop();
    machine.store.failing('unavailable', 'readTidyMark', 'list');
    gate.open();
    await stopping;
    expect(machine.log.entries.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
    expect(machine.store.count('tidy')).toBe(1);
  });
});

it('keeps no service from ending that its store does not answer', async () => {
  const machine = await Machine.open();
  machine.store.once('tidy', { kind: 'hold', gate: new Gate() });
  await machine.scheduler.advance(MINUTE);
  const before = machine.scheduler.now;
  await machine.stop();
  expect(machine.scheduler.now - before).toBeLessThan(2_000);
});

describe('a deleted budget', () => {
  it('goes after the retention, and what is created under its name goes on above it', async () => {
    const machine = await Machine.open();
    await machine.pass(10 * DAY);
    const acquired = await machine.ask({
      ...{ kind: 'acquire', aiId: 'a', requestId: 'r', requestIdMade: false, fingerprint: '', nonce: 'n' },
    });
    expect(acquired).toMatchObject({ kind: 'granted', lease: { fence: 1 } });
    await machine.ask({ kind: 'delete-budget', force: true });
    await machine.pass(20 * DAY);
    const before = await machine.store.version(BUDGET);
    expect(before).toMatchObject({ epoch: 1 });
    await machine.pass(60 * DAY);
    expect(await machine.store.list('', 9)).toEqual([]);
    expect(machine.removals.some(({ fields }) => fields['budgets'] === 1)).toBe(true);
    await machine.ask({ kind: 'put-policy', fields: ROOMY });
    const state = await machine.store.load(BUDGET);
    expect(state?.head).toMatchObject({ epoch: 2, fence: 1 });
    expect(state?.head.revision).toBeGreaterThan(before?.revision ?? 0);
  });

  it('stays while anything of it is to be written out, or nobody knows how long it has been gone', async () => {
    const machine = await Machine.open();
    await machine.pass(10 * DAY);
    await machine.ask({ kind: 'delete-budget', force: true });
    await machine.stop();
    machine.errorMs = 400 * DAY;
    machine.start();
    await machine.pass(DAY);
    expect(await machine.store.version(BUDGET)).toMatchObject({ epoch: 1 });
  });
});
