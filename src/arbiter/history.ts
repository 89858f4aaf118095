import { newestChanges } from '../domain/changes/newest-changes.js';
import { stillPresumed } from '../domain/leases/presumed.js';
import { viewContextOf, viewOfClosed } from '../domain/ledger/lease-lookup.js';
import { refuseNewer } from '../domain/ledger/ledger.js';
import type { StoredChange } from '../domain/model/changes.js';
import { RECEIPT_MEMORY_MS } from '../domain/model/limits.js';
import type { BudgetSnapshot, BudgetView, KnownChanges } from '../domain/model/outcomes.js';
import { policyInForce } from '../domain/model/policy.js';
import { leaseReceiptId, leaseReceiptPrefix } from '../domain/model/receipt-id.js';
import type { ClosedLease, StoredPause, StoredPolicy, UsageDay } from '../domain/model/state.js';
import type { LeaseView } from '../domain/model/types.js';
import type { BudgetStore, ListedBudget } from '../store/store.js';

/** What lies behind the state: usage documents, receipts, other budgets. */

/** Usage documents, and in their place days that are still open, which are newer. */
export async function usageDays(
  store: BudgetStore,
  snapshot: BudgetSnapshot,
  from: string,
  to: string,
): Promise<UsageDay[]> {
  const days = new Map<string, UsageDay>();
  for (const document of await store.readDays(snapshot.budget.budgetId, snapshot.epoch, from, to)) {
    refuseNewer(snapshot.budget.budgetId, document);
    days.set(document.day, document);
  }
  for (const open of snapshot.openDays) {
    const written = days.get(open.day);
    const within = open.day >= from && open.day <= to;
    if (within && (written === undefined || written.revision <= open.revision)) days.set(open.day, open);
  }
  return [...days.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
}

/** Closed leases of the last 7 days, those in the state included. */
export async function closedLeases(
  store: BudgetStore,
  snapshot: BudgetSnapshot,
  afterFence: number,
  limit: number,
): Promise<LeaseView[]> {
  const { epoch, now, budget } = snapshot;
  const leases = new Map<number, ClosedLease>();
  // Receipts that are too old, and not yet tidied away, must not make a page look like the last one.
  for (let after = leaseReceiptId(epoch, afterFence); leases.size < limit; ) {
    const page = await store.listReceipts(budget.budgetId, leaseReceiptPrefix(epoch), after, limit);
    for (const { body, at } of page) {
      if (body.kind !== 'lease' || at + RECEIPT_MEMORY_MS <= now) continue;
      leases.set(body.lease.fence, body);
    }
    const last = page[page.length - 1];
    if (last === undefined || page.length < limit) break;
    after = last.id;
  }
  for (const closed of snapshot.closedLeases)
    if (closed.lease.fence > afterFence) leases.set(closed.lease.fence, closed);
  const listed = [...leases.values()].sort((a, b) => a.lease.fence - b.lease.fence).slice(0, limit);
  const days = await presumedDays(store, snapshot, listed);
  const context = viewContextOf(snapshot);
  return listed.map((closed) => {
    const presumed = closed.presumed === 0 ? 0 : stillPresumed(closed, days.get(closed.lease.day));
    return viewOfClosed(context, { ...closed, presumed });
  });
}

/** The days that say what is still presumed of these leases. */
async function presumedDays(
  store: BudgetStore,
  snapshot: BudgetSnapshot,
  leases: readonly ClosedLease[],
): Promise<ReadonlyMap<string, UsageDay>> {
  const names = leases.filter(({ presumed }) => presumed > 0).map(({ lease }) => lease.day);
  const [first, last] = [names.sort()[0], names.at(-1)];
  if (first === undefined || last === undefined) return new Map();
  return new Map((await usageDays(store, snapshot, first, last)).map((day) => [day.day, day]));
}

/** Records of changes, those included that wait in the state. */
export async function changesBelow(
  store: BudgetStore,
  known: KnownChanges,
  below: number,
  limit: number,
): Promise<StoredChange[]> {
  const stored = await store.readChanges(known.budgetId, below, limit);
  return newestChanges(known, stored)
    .filter(({ number }) => number < below)
    .slice(0, limit);
}

export async function listBudgets(store: BudgetStore, after: string, limit: number): Promise<BudgetView[]> {
  const found: BudgetView[] = [];
  for (let from = after; found.length < limit; ) {
    const page = await store.list(from, limit);
    for (const listed of page)
      if (!listed.head.deleted && found.length < limit) found.push(viewOfListed(listed));
    const last = page[page.length - 1];
    if (last === undefined || page.length < limit) return found;
    from = last.budgetId;
  }
  return found;
}

function viewOfListed({ budgetId, head, settings }: ListedBudget): BudgetView {
  const policy = settings.get('policy') as StoredPolicy | undefined;
  const pause = settings.get('pause') as StoredPause | undefined;
  return {
    ...{ budgetId, createdAt: head.createdAt, zone: head.zone, etag: String(policy?.revision ?? 0) },
    policyFields: policy?.fields ?? {},
    policy: policyInForce(policy?.fields ?? {}),
    ...(pause === undefined ? {} : { pause }),
  };
}
