import { leapWaitMs, markAfter, type TidyMark } from '../domain/time/tidy-mark.js';
import { StartError } from '../platform/start-error.js';
import type { TransferStore } from '../store/transfer-store.js';
import type { TransferContext } from '../transfer/transfer.js';

const DAY_MS = 86_400_000;
const TRIES = 10;

/** Says what has been removed, and what is kept for now since the clock may be wrong. */
export async function tellTidying(store: TransferStore, { tell, wallMs }: TransferContext): Promise<void> {
  const mark = await store.readTidyMark();
  const now = wallMs();
  if (mark === undefined || mark.horizon === 0) {
    return tell('nothing was removed yet: that begins once the service has run for 7 days');
  }
  const { lastCut } = mark;
  if (lastCut !== undefined) {
    const { dayBefore, receiptsBefore, at } = lastCut;
    tell(`removed at ${moment(at)}: usage before ${dayBefore}, receipts before ${moment(receiptsBefore)}`);
  }
  const aheadMs = now - mark.horizon;
  if (aheadMs < DAY_MS)
    return tell(`nothing waits: the clock says ${moment(now)}, and the service has run with it`);
  tell(
    `the clock says ${moment(now)}, ${Math.round(aheadMs / DAY_MS)} days ahead of the time that the service is known to have run: what is beyond the ` +
      `retention stays until it has run for up to ${days(waitMs(mark, now))} more, or until you say tidy --clock-is-right`,
  );
}

/** What leapt after the wait began waits for itself. */
function waitMs(mark: TidyMark, now: number): number {
  const whole = leapWaitMs({ ...mark, leap: { to: now, ranMs: 0 } });
  const leapt = now - (mark.leap?.to ?? mark.horizon);
  return leapWaitMs(mark) + (leapt > DAY_MS ? whole : 0);
}

/** An operator says that the clock is right. It is the service that removes, and only up to what its own clock says then. */
export async function vouchForClock(store: TransferStore, { tell, wallMs }: TransferContext): Promise<void> {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const now = wallMs();
    const mark = (await store.readTidyMark()) ?? { ...markAfter(undefined, now, 0), revision: 0 };
    const next = { ...mark, revision: mark.revision + 1, vouchedFor: now };
    if ((await store.swapTidyMark(next)) === 'lost') continue;
    return tell(
      `done: the clock says ${moment(now)}; usage beyond the retention is removed within minutes of running. ` +
        'Receipts stay until their 7 days have surely passed',
    );
  }
  throw new StartError(`${store.place} is busy: run the same command again`);
}

function moment(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace('T', ' ').concat(' UTC');
}

function days(ms: number): string {
  return `${Math.ceil(ms / DAY_MS)} days`;
}
