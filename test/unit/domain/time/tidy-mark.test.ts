import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RECEIPT_MEMORY_MS } from '../../../../src/domain/model/limits.js';
import {
  cutBy,
  LEAP_WAIT_MS,
  leapWaitMs,
  markAfter,
  retentionStart,
  type TidyMark,
} from '../../../../src/domain/time/tidy-mark.js';
import { testSeed } from '../../../support/seed.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
const STEP_MS = 4 * 3_600_000;
const START = Date.parse('2026-11-20T12:00:00Z');

/** A service that looks every so often, and a world that knows what time it really is. */
class Service {
  trueNow = START;
  errorMs = 0;
  mark: TidyMark | undefined;

  get clock(): number {
    return this.trueNow + this.errorMs;
  }

  /** Runs for a while, and looks every five minutes as the service does, or every few hours where that is the same. */
  run(ms: number, everyMs = 6 * 3_600_000): this {
    for (let left = ms; left > 0; left -= everyMs) {
      const ran = Math.min(left, everyMs);
      this.trueNow += ran;
      this.mark = markAfter(this.mark, this.clock, this.mark === undefined ? 0 : ran);
    }
    return this;
  }

  down(ms: number): this {
    this.trueNow += ms;
    return this;
  }

  cut(months = 1) {
    if (this.mark === undefined) throw new Error('it never looked');
    return cutBy(this.mark, this.clock, months);
  }
}

const settled = () => new Service().run(LEAP_WAIT_MS + DAY);

describe('the time that has passed for tidying', () => {
  it('is none in a store that was never tidied, whatever its clock says', () => {
    expect(new Service().run(MINUTE).cut()).toMatchObject({ dayBefore: '1970-01-01' });
  });

  it('is that of the clock while the service runs', () => {
    const service = settled().run(90 * DAY);
    expect(service.mark?.horizon).toBe(service.trueNow);
    expect(service.cut().dayBefore).toBe(retentionStart(service.trueNow - 2 * DAY, 1));
    expect(service.cut().receiptsBefore).toBe(service.trueNow - RECEIPT_MEMORY_MS - 3_600_000);
  });

  it.each<[string, (service: Service) => unknown]>([
    ['a start with the clock ahead', (service) => service.run(10 * MINUTE)],
    ['a step that is believed at run time', (service) => service.run(3 * DAY)],
    ['ahead, for as long as it takes to be believed', (service) => service.run(LEAP_WAIT_MS - DAY)],
  ])('does not follow %s', (_, happens) => {
    const service = settled();
    service.errorMs = 40 * DAY;
    happens(service);
    expect(service.mark?.horizon).toBeLessThanOrEqual(service.trueNow);
    expect(service.cut().dayBefore <= retentionStart(service.trueNow, 1)).toBe(true);
    service.errorMs = 0;
    service.run(30 * DAY);
    expect(service.mark?.horizon).toBeLessThanOrEqual(service.trueNow);
  });

  it('follows a downtime after days of running, and what leapt meanwhile not with it', () => {
    const service = settled().down(100 * DAY);
    service.run(LEAP_WAIT_MS - DAY);
    expect(service.mark?.horizon).toBeLessThan(service.trueNow - 99 * DAY);
    service.errorMs = 400 * DAY;
    service.run(2 * DAY);
    expect(service.mark?.horizon).toBeGreaterThan(service.trueNow - 2 * DAY);
    expect(service.mark?.horizon).toBeLessThanOrEqual(service.trueNow);
    expect(leapWaitMs(service.mark as TidyMark)).toBeGreaterThan(0);
  });

  it('catches up on a machine that is off at night', () => {
    const service = settled();
    for (let day = 0; day < 90; day += 1) service.run(8 * 3_600_000).down(16 * 3_600_000);
    expect(service.mark?.horizon).toBeGreaterThan(service.trueNow - 45 * DAY);
  });

  it('goes back with a clock that was ahead all along', () => {
    const service = settled();
    service.errorMs = 40 * DAY;
    service.run(LEAP_WAIT_MS + DAY);
    expect(service.mark?.horizon).toBeGreaterThan(service.trueNow + 30 * DAY);
    service.errorMs = 0;
    service.run(MINUTE);
    expect(service.mark?.horizon).toBeLessThanOrEqual(service.trueNow);
  });

  it('may be vouched for by an operator: for usage, not for receipts', () => {
    const service = settled()
      .down(100 * DAY)
      .run(MINUTE);
    service.mark = { ...(service.mark as TidyMark), vouchedFor: service.clock };
    expect(service.cut().dayBefore).toBe(retentionStart(service.trueNow - 2 * DAY, 1));
    expect(service.cut().receiptsBefore).toBeLessThan(service.trueNow - 100 * DAY);
    // A word that was given under a wrong clock is worth nothing when that is set right.
    service.mark = { ...service.mark, vouchedFor: service.clock + 400 * DAY };
    expect(service.cut().dayBefore).toBe(retentionStart(service.trueNow - 2 * DAY, 1));
  });

  it('keeps what the mark has beside', () => {
    const numbers = { epoch: 3, fence: 9, revision: 12 };
    const lastCut = { dayBefore: '2026-10-01', receiptsBefore: 5, at: 6 };
    const mark = { revision: 7, at: 1, horizon: START, numbers, lastCut, vouchedFor: 4 };
    expect(markAfter(mark, START + 5, 5)).toEqual({
      ...mark,
      revision: 8,
      at: START + 5,
      horizon: START + 5,
    });
  });
});

/** Nothing is removed before its time by the true clock, whatever clocks say; and everything in the end. */
describe('whatever the clock says', () => {
  const hours = (most: number) => fc.integer({ min: 1, max: most }).map((count) => count * 3_600_000);
  const step = fc.oneof(
    fc.record({ kind: fc.constant('run' as const), ms: hours(24 * 40) }),
    fc.record({ kind: fc.constant('down' as const), ms: hours(24 * 100) }),
    // Set right within days: nobody can tell a clock that is wrong for good.
    fc.record({
      kind: fc.constant('wrong' as const),
      errorMs: fc.integer({ min: -400, max: 1_100 }).map((days) => days * DAY),
      ms: hours(24 * 6),
      downMs: fc.option(hours(24 * 60), { nil: 0 }),
    }),
  );

  it('receipts are known for 7 days, and the current and the retained months are whole', () => {
    const property = fc.property(
      fc.array(step, { maxLength: 12 }),
      fc.integer({ min: 1, max: 24 }),
      (steps, months) => {
        const service = new Service().run(DAY);
        let receipts: { readonly bookedAt: number; readonly at: number }[] = [];
        const look = () => {
          const { dayBefore, receiptsBefore } = service.cut(months);
          const early = dayBefore > retentionStart(service.trueNow - DAY, months);
          const lost = receipts.find(
            ({ bookedAt, at }) => at < receiptsBefore && service.trueNow - bookedAt <= RECEIPT_MEMORY_MS,
          );
          if (early || lost !== undefined)
            throw new Error(`${dayBefore} at ${service.trueNow}, lost ${lost?.bookedAt}`);
          receipts = receipts.filter(({ at }) => at >= receiptsBefore);
        };
        const run = (ms: number) => {
          for (let left = ms; left > 0; left -= STEP_MS) {
            receipts.push({ bookedAt: service.trueNow, at: service.clock });
            service.run(Math.min(left, STEP_MS));
            look();
          }
        };
        for (const happens of steps) {
          if (happens.kind === 'down') service.down(happens.ms);
          else if (happens.kind === 'run') run(happens.ms);
          else {
            service.errorMs = happens.errorMs;
            run(happens.ms);
            service.down(happens.downMs);
            service.errorMs = 0;
            run(3_600_000);
          }
        }
        service.run(3 * LEAP_WAIT_MS);
        expect(service.mark?.horizon).toBe(service.trueNow);
        look();
      },
    );
    fc.assert(property, { seed: testSeed('tidying'), numRuns: 100 });
  });
});
