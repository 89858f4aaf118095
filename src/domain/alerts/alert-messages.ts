import type { MonthWindow, StoredLease } from '../model/state.js';
import { aboutInUnit, inUnit, withUnit } from '../model/unit.js';
import { amount, duration } from '../model/wording.js';
import type { UsageFigures } from '../statistics/spread.js';
import { momentIn } from '../time/clock-text.js';
import type { Span } from '../time/recent.js';

/** What happened, what it means and what to do, for a person. Moments are those of the budget's zone. */

/** What a budget counts, and the zone whose clock it goes by. */
export interface Place {
  readonly unit: string;
  readonly zone: string;
}

export function poorSpread(
  unit: string,
  month: string,
  days: UsageFigures,
  spread: number,
  threshold: number,
): string {
  return (
    `The days of ${month} are used very unevenly: the closed days took ${inUnit(unit, days.min)} to ${withUnit(unit, days.max)}, ` +
    `a spread of ${spread}% (poor above ${threshold}%). ` +
    'Busy days eat what quiet days could use; pacing EVEN or a lower max_daily_percent evens them out.'
  );
}

export function dailySpike(unit: string, day: string, tokens: number, usual: number, days: number): string {
  return (
    `${day} took ${withUnit(unit, tokens)} so far, more than twice the mean of ${aboutInUnit(unit, usual)} ` +
    `over ${days === 1 ? 'the earlier day' : `${days} earlier days`} with usage. ` +
    'What it takes is missing on later days. ' +
    'Look at the usage by AI for the one that caused it; max_daily_percent_per_ai bounds what one AI takes.'
  );
}

export function hourlyBurst(
  { unit, zone }: Place,
  hour: Span,
  tokens: number,
  cap: number,
  percent: number,
): string {
  return (
    `The hour from ${momentIn(zone, hour.start)} took ${withUnit(unit, tokens)}, more than ${percent}% of its cap of ${inUnit(unit, cap)}. ` +
    `When the cap is reached, AIs are denied until ${momentIn(zone, hour.end)}; ` +
    'smaller requests, or a higher max_hourly_percent, let more of them through.'
  );
}

export function denialRate(denied: number, threshold: number): string {
  return (
    `A replica denied ${amount(denied)} requests in the last minute, and more than ${amount(threshold)} in each of the last 10. ` +
    'AIs wait, or ask again without a pause. ListDenials says whom it refuses and by which rules; ' +
    'raise what is too low, or let clients heed retry_after.'
  );
}

export function dayBelowMinimum(
  unit: string,
  day: string,
  tokens: number,
  minimum: number,
  percent: number,
): string {
  return (
    `${day} ended with ${withUnit(unit, tokens)}, below the daily minimum of ${inUnit(unit, minimum)} (${percent}%). ` +
    'What it left unused goes to later days. See whether AIs were down or denied; ' +
    'if there was just less to do, lower min_daily_percent.'
  );
}

export function shareSpent(
  { unit, zone }: Place,
  rule: 'WARNING' | 'CRITICAL' | 'EMERGENCY',
  month: MonthWindow,
  spent: number,
  enforced: number,
  percent: number,
): string {
  const share = Math.floor((spent / enforced) * 1_000) / 10;
  const meaning =
    rule === 'EMERGENCY'
      ? `No new slots are granted until ${momentIn(zone, month.end)}; running leases go on. A higher monthly_limit reopens the month.`
      : `It must last until ${momentIn(zone, month.end)}. Slow the AIs down, or raise monthly_limit.`;
  return (
    `${inUnit(unit, spent)} of ${withUnit(unit, enforced)} of ${month.key} are spent, ${share}% ` +
    `(${rule.toLowerCase()} from ${percent}%). ${meaning}`
  );
}

/** `whole`: the enforced limit, or a team's part of it. */
export function listedShare(
  { unit, zone }: Place,
  { aiId, teamId }: { readonly aiId?: string; readonly teamId?: string },
  month: MonthWindow,
  spent: number,
  whole: number,
  percent: number,
): string {
  const share = Math.floor((spent / whole) * 1_000) / 10;
  const ends = momentIn(zone, month.end);
  if (aiId !== undefined)
    return (
      `${aiId} has spent ${inUnit(unit, spent)} of the ${withUnit(unit, whole)} of ${month.key}, ${share}% (told from ${percent}%). ` +
      `They are for all until ${ends}. See what it does; max_daily_percent_by_ai or a team bounds what it takes.`
    );
  const who = teamId === undefined ? '' : `Of the part of team ${teamId}, `;
  return (
    `${who}${inUnit(unit, spent)} of ${withUnit(unit, whole)} of ${month.key} are spent, ${share}% (told from ${percent}%). ` +
    `It must last until ${ends}. Slow the AIs down, or raise ${teamId === undefined ? 'monthly_limit' : 'its max_monthly_percent'}.`
  );
}

export function exhaustionForecast(
  { unit, zone }: Place,
  month: MonthWindow,
  projected: number,
  enforced: number,
  at: number,
): string {
  return (
    `If it goes on as before, ${month.key} would take ${aboutInUnit(unit, projected)} of ${withUnit(unit, enforced)} ` +
    `and be used up on ${momentIn(zone, at)}, before it ends on ${momentIn(zone, month.end)}. ` +
    'Slow the AIs down, lower max_daily_percent, or choose pacing EVEN.'
  );
}

export function leaseExpired({ unit, zone }: Place, lease: StoredLease, presumed: number): string {
  const held = Math.max(0, lease.reserved - lease.used);
  const tokens =
    presumed > 0
      ? `${withUnit(unit, presumed)} that it held are presumed spent until a late report or release says otherwise`
      : `${withUnit(unit, held)} that it held are free again`;
  return (
    `The lease of ${lease.aiId} (fence ${lease.fence}, granted ${momentIn(zone, lease.grantedAt)}) was not renewed within ` +
    `${duration(lease.ttlMs)} or released, and ended at ${momentIn(zone, lease.expiresAt)}. ` +
    `Its slot is free; ${tokens}. See whether the AI crashed; if it only works longer, it must renew, or ask for a longer lease_ttl.`
  );
}

export function overrun(unit: string, lease: StoredLease, tokens: number): string {
  return (
    `${lease.aiId} spent ${withUnit(unit, lease.used)} on a lease that had reserved ${inUnit(unit, lease.reserved)} ` +
    `(fence ${lease.fence}): ${inUnit(unit, tokens)} more. They count in the windows of the report, whatever the caps. ` +
    'It should estimate more, or raise its reservation with RenewSlot before it spends.'
  );
}

export function unpricedModel(unit: string, model: string, tokens: number): string {
  return (
    `No entry of token_weights_by_model fits the model ${model}, so a report of it was charged by token_weights: ` +
    `${withUnit(unit, tokens)}. Add it, or a pattern such as \`*\` for all that have no entry of their own; ` +
    'what was booked before stays as it is until AdjustUsage corrects it.'
  );
}
