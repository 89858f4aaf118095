import { type Lease, LeaseState } from '../../src/gen/budgetarbiter/v1/budget.js';
import { type Distribution, sum } from './distribution.js';
import { type Journal, tokensOf } from './journal.js';
import type { Repeats } from './repeat-reports.js';

/** Two figures from two sources that must be the same. */
export interface Check {
  readonly what: string;
  readonly is: number;
  readonly shouldBe: number;
}

export interface Books {
  readonly journal: Journal;
  readonly distribution: Distribution;
  /** Every lease of the run, live or closed. */
  readonly leases: readonly Lease[];
  readonly repeats: Repeats;
  /** The distribution's total after every report was made once more. */
  readonly totalAfterRepeats: number;
}

/** The proof: what the AIs say that they were charged, against what the service says, summed in every way that it tells. */
export function checks(books: Books): Check[] {
  const { journal, distribution, leases, repeats } = books;
  const month = distribution.monthly_distribution.total_tokens;
  const charged = tokensOf(journal.charges);
  return [
    {
      what: 'charged to the AIs + presumed = month',
      is: charged + distribution.presumed_tokens,
      shouldBe: month,
    },
    ...byAi(books),
    { what: 'sum of the AIs = month', is: sum(distribution.by_ai), shouldBe: month },
    { what: 'sum of the models = month', is: sum(distribution.by_model), shouldBe: month },
    {
      what: 'sum of the hours = day',
      is: hours(distribution),
      shouldBe: distribution.daily_distribution.total_tokens,
    },
    {
      what: 'sum of the days = month',
      is: sum(distribution.monthly_distribution.daily_usage_data),
      shouldBe: month,
    },
    { what: 'used on all leases = charged to the AIs', is: total(leases, 'usedTokens'), shouldBe: charged },
    {
      what: 'presumed on all leases = presumed',
      is: total(leases, 'presumedTokens'),
      shouldBe: distribution.presumed_tokens,
    },
    {
      what: 'leases still live',
      is: leases.filter(({ state }) => state === LeaseState.LEASE_STATE_LIVE).length,
      shouldBe: 0,
    },
    { what: 'usage ids charged twice', is: journal.chargedTwice.length, shouldBe: 0 },
    { what: 'reports made once more = replayed', is: repeats.replayed, shouldBe: repeats.made },
    { what: 'month after them = month', is: books.totalAfterRepeats, shouldBe: month },
  ];
}

function byAi({ journal, distribution, leases }: Books): Check[] {
  return distribution.by_ai.map(({ ai_id: aiId, tokens }) => {
    const presumed = total(
      leases.filter((lease) => lease.aiId === aiId),
      'presumedTokens',
    );
    const what = presumed === 0 ? `${aiId} says = booked` : `${aiId} says + presumed = booked`;
    return { what, is: tokensOf(journal.chargesOf(aiId)) + presumed, shouldBe: tokens };
  });
}

function hours({ daily_distribution: day }: Distribution): number {
  return sum(day.hourly_usage_data);
}

function total(leases: readonly Lease[], field: 'usedTokens' | 'presumedTokens'): number {
  return leases.reduce((tokens, lease) => tokens + lease[field], 0);
}
