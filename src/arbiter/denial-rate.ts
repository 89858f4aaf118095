import { MINUTE_MS } from '../domain/denials/denials.js';
import { deniedSteadily } from '../domain/denials/minutes.js';
import type { Ledger } from '../domain/ledger/ledger.js';
import type { ReportDenialsRequest } from '../domain/model/requests.js';
import type { Context } from './context.js';

/** For so many whole minutes. */
const MINUTES = 10;

/** Judges, once a minute, whether this replica denies more than the policy has somebody told of. */
export class DenialRate {
  private judged = 0;

  constructor(
    private readonly context: Context,
    private readonly budgetId: string,
  ) {}

  /** What a commit is to say; undefined if there is nothing. */
  report(ledger: Ledger | undefined): ReportDenialsRequest | undefined {
    const perMinute = ledger?.policy.denialAlertPerMinute ?? 0;
    if (ledger === undefined || !ledger.exists || perMinute === 0) return undefined;
    const { now } = this.context.clock.read();
    const minute = Math.floor(now / MINUTE_MS);
    if (minute === this.judged) return undefined;
    this.judged = minute;
    const memory = this.context.denied.of(this.budgetId);
    if (memory.epoch !== ledger.epoch) return undefined;
    const minutes = memory.minutesSince(now - (MINUTES + 1) * MINUTE_MS);
    if (!deniedSteadily(minutes, now, { perMinute, minutes: MINUTES })) return undefined;
    const last = minutes.find(({ start }) => start === (minute - 1) * MINUTE_MS);
    return { kind: 'report-denials', epoch: ledger.epoch, perMinute: last?.denied ?? 0 };
  }
}
