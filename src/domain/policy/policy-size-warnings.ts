import { percentOf } from '../model/percent.js';
import type { Policy } from '../model/policy.js';
import { amount } from '../model/wording.js';
import { type Allowance, allowanceOf } from './allowance.js';

/** Takes down one warning. */
export type Say = (field: string, message: string) => void;

/** What may surprise about the sizes of requests, reservations and reports beside the caps of windows. */
export function sizeWarnings(policy: Policy, say: Say): void {
  const allowance = allowanceOf(policy);
  for (const check of [requestSizes, unestimatedRequests, leastEstimate, aiShares, reportSizes])
    check(policy, say, allowance);
}

function requestSizes({ maxRequestTokens: most }: Policy, say: Say, { hourlyMax }: Allowance): void {
  if (most <= hourlyMax) return;
  say(
    'max_request_tokens',
    `requests above the hour's cap, ${amount(hourlyMax)}, are denied for good though ${amount(most)} are allowed; ` +
      'lower it, or raise max_hourly_percent',
  );
}

function unestimatedRequests(policy: Policy, say: Say, { hourlyMax, dailyMax }: Allowance): void {
  const { defaultReservation, minReservation, maxRequestTokens: most } = policy;
  const field = defaultReservation > 0 ? 'default_reservation' : 'min_reservation';
  const asked = defaultReservation > 0 ? defaultReservation : minReservation;
  const reserved = most > 0 && defaultReservation > 0 ? Math.min(asked, most) : asked;
  if (most > 0 && asked > most) {
    say(
      field,
      `${amount(asked)} is above max_request_tokens, ${amount(most)}, which is the most that is reserved; lower it`,
    );
  }
  const tightest = Math.min(hourlyMax, dailyMax, percentOf(dailyMax, policy.maxDailyPercentPerAi));
  if (reserved > tightest) {
    say(
      field,
      `${amount(reserved)} is above what one AI may use in an hour or a day, ${amount(tightest)}: ` +
        'callers without an estimate are always denied; lower it, or raise the percentages',
    );
  }
}

function leastEstimate(policy: Policy, say: Say, { hourlyMax, dailyMax }: Allowance): void {
  const { minEstimate: least, defaultReservation: unasked, maxConcurrent, maxDailyPercentPerAi } = policy;
  if (least === 0) return;
  if (unasked > 0 && unasked < least) {
    say(
      'default_reservation',
      `${amount(unasked)} is below min_estimate: ${amount(least)} is reserved all the same; raise it, or lower that`,
    );
  }
  const atOnce = Math.floor(hourlyMax / least);
  if (atOnce < maxConcurrent) {
    say(
      'min_estimate',
      `the hour's cap, ${amount(hourlyMax)}, holds ${amount(atOnce)} such leases at a time, ` +
        `fewer than max_concurrent, ${amount(maxConcurrent)}; lower it, or raise max_hourly_percent`,
    );
  }
  const ofAi = percentOf(dailyMax, maxDailyPercentPerAi);
  if (least > ofAi) {
    say(
      'min_estimate',
      `${amount(least)} is above max_daily_percent_per_ai of a day, ${amount(ofAi)}: ` +
        'AIs without a percentage of their own are always denied; lower it, or raise that',
    );
  }
}

function aiShares(policy: Policy, say: Say, { dailyMax }: Allowance): void {
  for (const [aiId, percent] of policy.maxDailyPercentByAi) {
    const share = percentOf(dailyMax, percent);
    if (share > 0 && share >= policy.minEstimate) continue;
    const less =
      share === 0 ? 'is no whole token' : `is less than min_estimate, ${amount(policy.minEstimate)}`;
    say(
      'max_daily_percent_by_ai',
      `${percent}% ${less}: \`${aiId}\` is always denied; raise it if that is not meant`,
    );
  }
}

function reportSizes(policy: Policy, say: Say, { hourlyMax }: Allowance): void {
  const { maxReportTokens: report, maxRequestTokens: request } = policy;
  const reservable = request > 0 ? Math.min(request, hourlyMax) : hourlyMax;
  if (report === 0 || report >= reservable) return;
  say(
    'max_report_tokens',
    `a lease may reserve ${amount(reservable)}, but one report may charge only ${amount(report)}: ` +
      'AIs must split their reports; raise it',
  );
}
