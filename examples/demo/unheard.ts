import type { Lease } from '../../src/gen/budgetarbiter/v1/budget.js';
import { costOf, type Journal, tokensOf } from './journal.js';

/** What became of a report whose AI was killed before it heard the answer. */
export interface Fate {
  readonly usageId: string;
  readonly how: string;
}

/** The one side that the dead cannot tell, told by their leases: `ended` as they were when their time was over, `leases` as they are now. */
export function settleUnheard(
  journal: Journal,
  ended: readonly Lease[],
  leases: readonly Lease[],
): readonly Fate[] {
  return journal.unheard.map((report) => {
    const { leaseId, prompt } = report;
    const heard = tokensOf(journal.charges.filter((charge) => charge.report.leaseId === leaseId));
    const isIn = (all: readonly Lease[]) =>
      all.some((lease) => lease.leaseId === leaseId && lease.usedTokens === heard + costOf(report));
    const isBooked = isIn(leases);
    if (isBooked) journal.settle(report);
    return { usageId: prompt.usageId, how: textOf(isBooked, isIn(ended)) };
  });
}

function textOf(isBooked: boolean, wasBooked: boolean): string {
  if (!isBooked) return 'had not reached the journal: what it cost stays presumed';
  return wasBooked
    ? 'had been booked, and telling it again changed nothing'
    : 'was told again from the journal, and booked late, out of what was presumed';
}
