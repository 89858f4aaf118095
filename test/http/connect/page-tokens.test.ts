import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listUsage } from '../../../src/arbiter/usage-listing.js';
import type { DenialRow } from '../../../src/domain/denials/rows.js';
import type { UsageDay } from '../../../src/domain/model/state.js';
import { openApiDocument } from '../../../src/gen/openapi.js';
import { change } from '../../store/samples.js';
import { stopServers } from '../../support/http-server.js';
import { budget, closedLease, lease, snapshot, TOP_UP } from '../../support/samples.js';
import { ADMIN, type Came, type ConnectHarness, startConnect } from './support/connect-harness.js';

/** Tokens of pages: each is good for its own list alone, and garbage for none. */

const AIS = Array.from({ length: 1_234 }, (_, at) => [`ai-${String(at).padStart(4, '0')}`, at + 1] as const);
const DAY: UsageDay = {
  ...{ format: 2, budgetId: 'anthropic', epoch: 1, day: '2026-11-15', revision: 9 },
  ...{ start: Date.UTC(2026, 10, 15), end: Date.UTC(2026, 10, 16), total: 10, presumed: 0, late: 0 },
  hours: [9, 10, 11].map((hour) => ({ start: Date.UTC(2026, 10, 15, hour), tokens: 5 })),
  ais: AIS.map(([name, tokens]) => [name, tokens] as const),
  models: AIS.map(([name, tokens]) => [`model-${name}`, tokens] as const),
  presumedBy: [],
} as never;

const DENIED: DenialRow[] = ['(other)', 'a', 'b'].map((aiId) => ({
  ...{
    aiId,
    rule: 'COOLDOWN',
    start: 0,
    end: 1,
    firstAt: 0,
    lastAt: 0,
    denied: 1,
    wouldDeny: 0,
    uncounted: 0,
  },
  ofAi: { denied: 1, wouldDeny: 0 },
}));

const ALERTS = ['CRITICAL', 'EMERGENCY', 'WARNING'].map((rule) => ({
  ...({ rule, window: 'MONTH', windowStart: 0, raisedAt: 0 } as const),
  ...{ value: 1, threshold: 1, message: '' },
}));

let http: ConnectHarness;
beforeAll(async () => {
  http = await startConnect({ listUsage });
  const { servicePort } = http;
  servicePort.budgets = ['a', 'b', 'c'].map((budgetId) => budget({}, { budgetId }));
  const liveLeases = [4, 6, 9].map((fence) => lease({ fence, leaseId: `live-${fence}` }));
  const topUps = ['a', 'b', 'c'].map((topUpId) => ({ ...TOP_UP, topUpId }));
  servicePort.answer = ({ kind }) => {
    if (kind === 'get-snapshot')
      return { kind: 'snapshot', snapshot: snapshot({ liveLeases, topUps, alerts: ALERTS }) };
    if (kind === 'get-changes')
      return { kind: 'changes', budgetId: 'anthropic', count: 3, waiting: [], budget: budget() };
    throw new Error(`nobody asks for ${kind} here`);
  };
  servicePort.recorded = [3, 2, 1].map((number) => change(number, 1));
  servicePort.closed = [1, 2, 3].map((fence) => closedLease({ fence, leaseId: `closed-${fence}` }));
  const days = ['2026-11-13', '2026-11-14', '2026-11-15'].map((day) => ({ ...DAY, day }));
  servicePort.deniedRows = {
    kind: 'denials',
    from: 0,
    to: 1,
    rules: [],
    denied: 3,
    wouldDeny: 0,
    rows: DENIED,
  };
  Object.assign(servicePort, { usageDays: async () => days });
});
afterAll(stopServers);

/** Lists that differ in what they list. */
const LISTS: readonly (readonly [string, object])[] = [
  ['ListBudgets', {}],
  ['ListLeases', { budgetId: 'anthropic' }],
  ['ListLeases', { budgetId: 'anthropic', includeClosed: true }],
  ['ListLeases', { budgetId: 'other' }],
  ...['DAY', 'HOUR', 'AI', 'MODEL'].map(
    (by) => ['ListUsage', { budgetId: 'anthropic', groupBy: `USAGE_GROUPING_${by}` }] as const,
  ),
  ['ListTopUps', { budgetId: 'anthropic' }],
  ['ListTopUps', { budgetId: 'other' }],
  ['ListChanges', { budgetId: 'anthropic' }],
  ['ListChanges', { budgetId: 'other' }],
  ['ListAlerts', { budgetId: 'anthropic' }],
  ['ListAlerts', { budgetId: 'anthropic', includeEnded: true }],
  ['ListDenials', { budgetId: 'anthropic' }],
  ['ListDenials', { budgetId: 'anthropic', rule: 'RULE_COOLDOWN' }],
  ['ListDenials', { budgetId: 'other' }],
  ['ListUsage', { budgetId: 'other' }],
  ['ListUsage', { budgetId: 'anthropic', fromDay: '2026-11-01' }],
  ['ListUsage', { budgetId: 'anthropic', toDay: '2026-11-30' }],
];

const page = (method: string, request: object, pageToken: string): Promise<Came> =>
  http.post(`${ADMIN}/${method}`, { ...request, pageSize: 1, pageToken });

async function tokenOf(method: string, request: object): Promise<string> {
  return (await page(method, request, '')).json['nextPageToken'] as string;
}

function refusedFields({ json }: Came): unknown {
  const details = json['details'] as { debug: { fieldViolations?: { field: string }[] } }[];
  return [
    json['code'],
    details.flatMap(({ debug }) => debug.fieldViolations ?? []).map(({ field }) => field),
  ];
}

const REFUSED = ['invalid_argument', ['page_token']];

it('has every list of the API here', () => {
  const text = JSON.stringify(openApiDocument);
  const listing = [...text.matchAll(/#\/components\/schemas\/(List\w+)Request"/g)].map(([, name]) => name);
  expect([...new Set(listing)].sort()).toEqual([...new Set(LISTS.map(([method]) => method))].sort());
});

describe.each(LISTS)('%s %j', (method, request) => {
  it('goes on with its own token, whatever the size of the page', async () => {
    const pageToken = await tokenOf(method, request);
    expect(pageToken).toMatch(/^[A-Za-z0-9_-]+$/);
    for (const pageSize of [1, 7]) {
      const { status } = await http.post(`${ADMIN}/${method}`, { ...request, pageSize, pageToken });
      expect(status).toBe(200);
    }
  });

  it('takes no token of another list', async () => {
    for (const [otherMethod, other] of LISTS) {
      if (otherMethod === method && other === request) continue;
      const came = await page(method, request, await tokenOf(otherMethod, other));
      // Unset is the same as by day.
      const isSame = [request, other].every((one) => isByDay(method, one) && isByDay(otherMethod, one));
      if (!isSame) expect(refusedFields(came), JSON.stringify(other)).toEqual(REFUSED);
    }
  });

  it.each([
    ...['a', 'null', '[]', 'WyJidWRnZXRzIl0', 'WyJidWRnZXRzIiwiIl0', 'a'.repeat(2_048), 'a'.repeat(2_049)],
    ...['a b', '-1', '../..', 'é', '\u0000', '0'],
  ])('takes no %j', async (garbage) => {
    expect(refusedFields(await page(method, request, garbage))).toEqual(REFUSED);
  });

  it('takes no token that was cut or changed', async () => {
    const token = await tokenOf(method, request);
    for (const wrong of [token.slice(0, -4), token.slice(4), `${token}AAAA`, `${token}${token}`]) {
      expect(refusedFields(await page(method, request, wrong)), wrong).toEqual(REFUSED);
    }
  });
});

function isByDay(method: string, request: object): boolean {
  return (
    method === 'ListUsage' &&
    ['{"budgetId":"anthropic"}', JSON.stringify(byDay)].includes(JSON.stringify(request))
  );
}

const byDay = { budgetId: 'anthropic', groupBy: 'USAGE_GROUPING_DAY' };

it.each([
  [0, 100, 13],
  [999, 999, 2],
  [5_000, 1_000, 2],
])('ListUsage goes through all names, %d a page', async (pageSize, most, pages) => {
  const names: string[] = [];
  let [pageToken, count] = ['', 0];
  do {
    const request = { budgetId: 'anthropic', groupBy: 'USAGE_GROUPING_AI', pageSize, pageToken };
    const { json } = await http.post(`${ADMIN}/ListUsage`, request);
    const rows = json['rows'] as { key: string; tokens: string }[];
    expect(rows.length).toBeLessThanOrEqual(most);
    names.push(...rows.map(({ key }) => key));
    pageToken = (json['nextPageToken'] as string | undefined) ?? '';
    count += 1;
  } while (pageToken !== '');
  expect(names).toEqual(AIS.map(([name]) => name));
  expect(count).toBe(pages);
});
