import type { BudgetAdminServiceClient } from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import type { BudgetServiceClient } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import type { Board } from './board.js';
import { checks } from './books.js';
import { readDistribution } from './distribution.js';
import type { Journal } from './journal.js';
import { listLeases } from './list-leases.js';
import { repeatReports } from './repeat-reports.js';
import { booksReport, crashReport, denialReport, distributionReport } from './report.js';
import { paint } from './text.js';
import { settleUnheard } from './unheard.js';

export interface Sources {
  readonly budgetId: string;
  readonly http: string;
  readonly admin: BudgetAdminServiceClient;
  readonly client: BudgetServiceClient;
}

/** Asks the service for its side of the books, in every way that it tells, and puts it beside what the AIs say. */
export async function prove(
  { budgetId, http, admin, client }: Sources,
  board: Board,
  journal: Journal,
): Promise<{ readonly lines: readonly string[]; readonly balanced: boolean }> {
  const distribution = await readDistribution(http, budgetId);
  const fates = settleUnheard(journal, board.expired, await listLeases(admin, budgetId, true));
  const repeats = await repeatReports(client, budgetId, journal);
  const after = await readDistribution(http, budgetId);
  const leases = await listLeases(admin, budgetId, true);
  const totalAfterRepeats = after.monthly_distribution.total_tokens;
  const all = checks({ journal, distribution, repeats, leases, totalAfterRepeats });
  const balanced = all.every(({ is, shouldBe }) => is === shouldBe);
  const verdict = balanced
    ? paint('the books balance', 'green', 'bold')
    : paint('THE BOOKS DO NOT BALANCE', 'red', 'bold');
  const lines = [
    ...distributionReport(distribution, board),
    ...denialReport(board),
    ...crashReport(board, fates),
    ...booksReport(all),
    ...['', verdict],
  ];
  return { lines, balanced };
}
