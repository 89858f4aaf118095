import type { Lease } from '../../src/gen/budgetarbiter/v1/budget.js';
import {
  type BudgetAdminServiceClient,
  ListLeasesRequest,
} from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { operatorCall } from './operator-call.js';

/** Every live lease of a budget, and on request the closed ones too, page by page. */
export async function listLeases(
  admin: BudgetAdminServiceClient,
  budgetId: string,
  includeClosed: boolean,
): Promise<readonly Lease[]> {
  const leases: Lease[] = [];
  let pageToken = '';
  do {
    const request = ListLeasesRequest.fromPartial({ budgetId, includeClosed, pageSize: 1_000, pageToken });
    const page = await operatorCall(admin.listLeases.bind(admin), request);
    leases.push(...page.leases);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return leases;
}
