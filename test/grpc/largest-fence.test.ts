import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closedLeases } from '../../src/arbiter/history.js';
import { raisedNumbers } from '../../src/domain/leases/restored.js';
import { formatLeaseId, parseLeaseId } from '../../src/domain/model/lease-id.js';
import { leaseReceiptId } from '../../src/domain/model/receipt-id.js';
import type { Receipt, StoredLease } from '../../src/domain/model/state.js';
import { BudgetAdminServiceService as admin } from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { BudgetServiceService as budgets } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { openApiDocument } from '../../src/gen/openapi.js';
import { openMemoryStore } from '../../src/store/memory/memory-store.js';
import { startConnect } from '../http/connect/support/connect-harness.js';
import { lease as storedLease, T0 } from '../store/samples.js';
import { stopServers } from '../support/http-server.js';
import { closedLease, lease, snapshot } from '../support/samples.js';
import { answerOf, failureOf, type Harness, startHarness } from './support/harness.js';

/** The largest that there can be; one of a restore of today; and the digits before them. */
const RESTORED = raisedNumbers({ epoch: 1, fence: 7, revision: 9, clock: 0 }, Date.UTC(2026, 10, 15));
const FENCES = [1, 999_999_999_999_999, RESTORED.fence + 1, Number.MAX_SAFE_INTEGER];
const leaseIdOf = (fence: number) => formatLeaseId('anthropic', RESTORED.epoch, fence, 'abcdefghijklmnop');

/** Every place where a fence is read out of a text, and what it reads; undefined where it is refused. */
const PLACES: readonly [where: string, read: (harness: Harness, fence: number) => Promise<unknown>][] = [
  ['a lease id', async (_, fence) => parseLeaseId(leaseIdOf(fence))?.fence],
  ['an epoch in a lease id', async (_, epoch) => parseLeaseId(formatLeaseId('a', epoch, 1, 'abc'))?.epoch],
  [
    'a lease id of a call',
    async (harness, fence) => {
      await answerOf(harness, budgets.renewSlot, { leaseId: leaseIdOf(fence) });
      const { request } = harness.servicePort.last;
      return 'lease' in request ? request.lease.fence : undefined;
    },
  ],
  ['a page of live leases', (harness, fence) => pageAfter(harness, fence, false)],
  ['a page of closed leases', (harness, fence) => pageAfter(harness, fence, true)],
  [
    'an answer in bytes',
    async (harness, fence) => {
      harness.servicePort.answer = () => ({ kind: 'lease', lease: lease({ fence }) });
      const request = { key: { $case: 'leaseId' as const, value: leaseIdOf(fence) } };
      return (await answerOf(harness, budgets.getLease, request)).lease?.fence;
    },
  ],
  [
    'an answer in JSON',
    async (_, fence) => {
      const http = await startConnect();
      http.servicePort.answer = () => ({ kind: 'lease', lease: lease({ fence }) });
      const { json } = await http.post('/budgetarbiter.v1.BudgetService/GetLease', {
        leaseId: leaseIdOf(fence),
      });
      const text = (json['lease'] as { fence: string }).fence;
      return new RegExp(fencePattern()).test(text) ? Number(text) : undefined;
    },
  ],
];

/** The lease of the second page, which comes after a page that ends with the fence before. */
async function pageAfter(harness: Harness, fence: number, includeClosed: boolean): Promise<unknown> {
  const leases = [fence - 1, fence].filter((each) => each > 0);
  if (includeClosed) harness.servicePort.closed = leases.map((each) => closedLease({ fence: each }));
  const liveLeases = includeClosed ? [] : leases.map((each) => lease({ fence: each }));
  harness.servicePort.answer = () => ({ kind: 'snapshot', snapshot: snapshot({ liveLeases }) });
  let last: number | undefined;
  let pageToken = '';
  do {
    const request = { budgetId: 'anthropic', includeClosed, pageSize: 1, pageToken };
    const page = await answerOf(harness, admin.listLeases, request);
    last = page.leases[0]?.fence;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return last;
}

function fencePattern(): string {
  const { schemas } = openApiDocument.components as unknown as {
    schemas: { Lease: { properties: { fence: { pattern: string } } } };
  };
  return schemas.Lease.properties.fence.pattern;
}

describe('a fence of 16 digits, as after a restore, is read as what it is', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await startHarness();
  });
  afterEach(() => {
    harness.stop();
    return stopServers();
  });

  it.each(PLACES.flatMap(([where, read]) => FENCES.map((fence) => ({ where, read, fence }))))(
    'in $where: $fence',
    async ({ read, fence }) => {
      expect(await read(harness, fence)).toBe(fence);
    },
  );

  it('and one that is no safe integer nowhere', async () => {
    const beyond = '9007199254740993';
    expect(parseLeaseId(`anthropic:1:${beyond}:abc`)).toBeUndefined();
    expect(parseLeaseId(`anthropic:${beyond}:1:abc`)).toBeUndefined();
    const pageToken = Buffer.from(
      JSON.stringify(['leases', 'anthropic', 'false', `live:${beyond}`]),
    ).toString('base64url');
    const request = { budgetId: 'anthropic', includeClosed: false, pageSize: 0, pageToken };
    expect((await failureOf(harness, admin.listLeases, request)).violations[0]?.field).toBe('page_token');
  });
});

it('receipts of leases sort by fences of all lengths, and are listed from each on', async () => {
  const ids = FENCES.map((fence) => leaseReceiptId(RESTORED.epoch, fence));
  expect([...ids].sort()).toEqual(ids);
  const store = await openMemoryStore();
  const receipts = FENCES.map((fence) => receiptOf(storedLease({ fence })));
  await store.writeReceipts('anthropic', receipts);
  const of = snapshot({ epoch: RESTORED.epoch, now: T0, closedLeases: [] });
  for (const [at, fence] of [0, ...FENCES].entries()) {
    const listed = await closedLeases(store, of, fence, 10);
    expect(listed.map((each) => each.fence)).toEqual(FENCES.slice(at));
  }
});

function receiptOf(closed: StoredLease): Receipt {
  const { epoch } = RESTORED;
  const [presumed, at] = [0, T0];
  const body = {
    kind: 'lease',
    lease: closed,
    status: 'EXPIRED',
    presumed,
    closedAt: at,
    settleUntil: at,
  } as const;
  return { id: leaseReceiptId(epoch, closed.fence), epoch, at, revision: 1, body };
}
