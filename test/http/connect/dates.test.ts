import type { DescField } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { descriptors } from '../../../src/api/codec/descriptors.js';
import { Arbiter } from '../../../src/arbiter/arbiter.js';
import { getDistribution } from '../../../src/arbiter/distribution.js';
import { listUsage } from '../../../src/arbiter/usage-listing.js';
import { rpcEndpoints } from '../../../src/http/connect/endpoints.js';
import { createDashboard } from '../../../src/http/dashboard/dashboard.js';
import { SILENT_LOG } from '../../../src/platform/log.js';
import { PROCESS_SCHEDULER } from '../../../src/platform/scheduler.js';
import { openMemoryStore } from '../../../src/store/memory/memory-store.js';
import { caller } from '../../support/caller.js';
import { FakeTime } from '../../support/fake-time.js';
import { DISTRIBUTION, startServer, stopServers } from '../../support/http-server.js';
import { ManualClock } from '../../support/manual-clock.js';
import { READY_ANSWERS } from '../../support/ready-answers.js';
import { recordUnleased } from '../../support/requests.js';

const NOW = '2026-11-10T09:10:00Z';
const BUDGET = 'anthropic';
/** The wildest of the world's calendars, by the edges of days and by what became of them. */
const ZONES = ['UTC', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Pacific/Apia', 'Africa/Monrovia'];

let url = '';
let arbiter: Arbiter;

/** The real service but for its network, since a date reaches the calendar behind all checks. */
beforeAll(async () => {
  const store = await openMemoryStore({ exclusive: true });
  const clock = new ManualClock(NOW);
  const about = { copyId: 'replica', maxSkewMs: 2_000, retentionMonths: 24 };
  arbiter = new Arbiter({ store, clock, log: SILENT_LOG, ...about });
  await arbiter.submit(BUDGET, { kind: 'put-policy', fields: {} }, caller());
  await arbiter.submit(BUDGET, recordUnleased('a', 'u', 5), caller());
  const shared = { servicePort: arbiter, log: SILENT_LOG, scheduler: PROCESS_SCHEDULER };
  const ids = { nonce: () => 'n', requestId: () => 'r', copyId: () => 'c' };
  const rpcs = rpcEndpoints({
    ...{ ...shared, ids, defaultBudget: BUDGET },
    getDistribution: (servicePort, ...rest) => getDistribution(servicePort, ...rest),
    listUsage: (servicePort, ...rest) => listUsage(servicePort, ...rest),
    simulatePolicy: READY_ANSWERS.simulatePolicy,
    listDenials: READY_ANSWERS.listDenials,
  });
  const time = new FakeTime(NOW);
  const dashboard = createDashboard({ ...shared, ids, access: undefined, time, version: '1' });
  const started = await startServer({
    ...{ rpcs, dashboard },
    getDistribution: (budgetId, query) => getDistribution(arbiter, budgetId, query, caller()),
  });
  url = started.url;
});
afterAll(async () => {
  await stopServers();
  await arbiter.stop();
});

const NASTY_MONTHS = [
  '9999-12',
  '0001-01',
  '0000-12',
  '0000-01',
  '9999-13',
  '-001-01',
  '+275760-09',
  '10000-01',
];
const NASTY_DAYS = [
  ...['9999-12-31', '9999-12-01', '0001-01-01', '0001-01-31', '0000-12-31', '0000-02-29'],
  ...['2026-02-29', '2026-11-31', '-000001-01-01', '+010000-01-01', '10000-01-01', '275760-09-13'],
];
/** As far as one may ask. */
const FAR_MONTHS = ['9999-11', '0001-02', '1883-11', '2011-12', '1972-01'];
const FAR_DAYS = ['9999-11-30', '0001-02-01', '2011-12-30', '1972-01-07', '1883-11-18', '2028-02-29'];

const GRPC = '/budgetarbiter.v1.Budget';
const adjust = (day: string) => ({
  ...{ budgetId: BUDGET, adjustmentId: `to-${day}`, tokens: 1, reason: 'test', day },
});
const largerMonth = (month: string) => ({
  ...{ budgetId: BUDGET, topUpId: `for-${month}`, kind: 'TOP_UP_KIND_LARGER_MONTH' },
  ...{ tokens: 1, reason: 'test', month },
});
type Asked = readonly [
  name: string,
  field: 'month' | 'day' | 'from_day' | 'to_day',
  ask: (date: string) => Promise<Response>,
];

const post = (rpc: string, body: object) =>
  fetch(`${url}${GRPC}${rpc}`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
  });
const get = (path: string) => (date: string) => fetch(`${url}${path}${encodeURIComponent(date)}`);

/** Every field and parameter that is a date. */
const DATES: readonly Asked[] = [
  ['GetDistribution', 'month', (month) => post('Service/GetDistribution', { budgetId: BUDGET, month })],
  ['GetDistribution', 'day', (day) => post('Service/GetDistribution', { budgetId: BUDGET, day })],
  ['AddTopUp', 'month', (month) => post('AdminService/AddTopUp', largerMonth(month))],
  ['AdjustUsage', 'day', (day) => post('AdminService/AdjustUsage', adjust(day))],
  ['ListUsage', 'from_day', (fromDay) => post('AdminService/ListUsage', { budgetId: BUDGET, fromDay })],
  ['ListUsage', 'to_day', (toDay) => post('AdminService/ListUsage', { budgetId: BUDGET, toDay })],
  [DISTRIBUTION, 'month', get(`${DISTRIBUTION}?month=`)],
  [DISTRIBUTION, 'day', get(`${DISTRIBUTION}?day=`)],
  ['/api/v1/distribution', 'month', get('/api/v1/distribution?month=')],
  ['/api/v1/distribution', 'day', get('/api/v1/distribution?day=')],
  ['/api/v1/usage', 'from_day', get('/api/v1/usage?from_day=')],
  ['/api/v1/usage', 'to_day', get('/api/v1/usage?group_by=USAGE_GROUPING_HOUR&to_day=')],
  ['the dashboard', 'month', get(`/dashboard/month?budget_id=${BUDGET}&month=`)],
  ['the dashboard', 'day', get(`/dashboard/month?budget_id=${BUDGET}&day=`)],
];

describe.each(ZONES)('dates in %s', (timeZone) => {
  beforeAll(async () => {
    await arbiter.submit(BUDGET, { kind: 'delete-budget', force: true }, caller());
    await arbiter.submit(BUDGET, { kind: 'put-policy', fields: { timeZone } }, caller());
  });

  it.each(DATES)('%s refuses a %s that the calendar cannot say, by name', async (_, field, ask) => {
    for (const date of field === 'month' ? NASTY_MONTHS : NASTY_DAYS) {
      const response = await ask(date);
      const text = await response.text();
      expect([date, response.status, text]).toEqual([date, 400, expect.stringContaining(field)]);
      expect(text).toMatch(field === 'month' ? /0001-02 to 9999-11/ : /0001-02-01 to 9999-11-30/);
    }
  });

  it.each(DATES)('%s takes every other %s', async (name, field, ask) => {
    for (const date of field === 'month' ? FAR_MONTHS : FAR_DAYS) {
      const response = await ask(date);
      const text = await response.text();
      // Usage is kept for two years, and nobody can correct the future, nor make a past month larger.
      const isPast = name === 'AddTopUp' && date < NOW.slice(0, 7);
      const expected = name === 'AdjustUsage' || isPast ? 400 : 200;
      expect([date, response.status, text]).toEqual([date, expected, expect.any(String)]);
    }
  });
});

function requestFields(isMeant: (field: DescField) => boolean): string[] {
  const requests = ['budgetarbiter.v1.BudgetService', 'budgetarbiter.v1.BudgetAdminService'].flatMap(
    (service) =>
      descriptors()
        .getService(service)
        ?.methods.map(({ input }) => input) ?? [],
  );
  return requests.flatMap(({ name, fields }) =>
    fields.filter(isMeant).map((field) => `${name}.${field.name}`),
  );
}

it('are all of the fields that are dates', () => {
  const dates = requestFields(({ name }) => /(^|_)(day|month|date)$/.test(name));
  const known = DATES.filter(([name]) => /^[A-Z]/.test(name)).map(
    ([name, field]) => `${name}Request.${field}`,
  );
  expect(dates.sort()).toEqual([...known].sort());
});

/** The first and the last that a timestamp can say, and what is next to them. */
const EDGES_OF_TIME = [
  ...['0001-01-01T00:00:00Z', '0001-01-01T00:06:00Z', '0001-01-02T00:30:00Z'],
  ...['9999-12-30T23:30:00Z', '9999-12-31T23:00:00Z', '9999-12-31T23:59:59.999Z'],
];
const TIMES: readonly (readonly [name: string, field: string, ask: (time: string) => Promise<Response>])[] = [
  ['ListDenials', 'from', (from) => post('AdminService/ListDenials', { budgetId: BUDGET, from })],
  ['ListDenials', 'to', (to) => post('AdminService/ListDenials', { budgetId: BUDGET, to })],
  [
    ...(['SilenceAlerts', 'until'] as const),
    (until) => post('AdminService/SilenceAlerts', { budgetId: BUDGET, reason: 'test', until }),
  ],
  [
    ...(['AddTopUp', 'expires_at'] as const),
    (expiresAt) =>
      post('AdminService/AddTopUp', {
        ...{ budgetId: BUDGET, topUpId: expiresAt.replace(/\W/g, '-'), kind: 'TOP_UP_KIND_OVER_CAPS' },
        ...{ tokens: 1, reason: 'test', expiresAt },
      }),
  ],
];

it.each(TIMES)('%s takes every %s, or says what is wrong with it', async (_, field, ask) => {
  for (const time of EDGES_OF_TIME) {
    const response = await ask(time);
    const expected = [time, expect.toSatisfy((status) => [200, 400].includes(status)), expect.any(String)];
    const text = await response.text();
    expect([time, response.status, text]).toEqual(expected);
    if (response.status === 400) expect(text).toMatch(new RegExp(`"(field|message)":"[^"]*(${field}|from)`));
  }
});

it('are all of the fields that are times', () => {
  const times = requestFields(({ message }) => message?.typeName === 'google.protobuf.Timestamp');
  expect(times.sort()).toEqual(TIMES.map(([name, field]) => `${name}Request.${field}`).sort());
});

describe('a correction', () => {
  const asked = async (day: string) => {
    const response = await post('AdminService/AdjustUsage', adjust(day));
    return [response.status, await response.text()];
  };

  it('reaches back as far as usage is kept, and no further', async () => {
    expect(await asked('2024-11-01')).toEqual([200, expect.stringContaining('2024-11-01')]);
    const refused = [
      400,
      expect.stringMatching(/day.*2024-10-31 is before the retention: usage is kept from 2024-11-01 on/),
    ];
    expect(await asked('2024-10-31')).toEqual(refused);
    expect(await asked('0001-02-01')).toEqual([400, expect.stringMatching(/before the retention/)]);
  });

  it('is of today or an earlier day', async () => {
    expect(await asked('9999-11-30')).toEqual([400, expect.stringMatching(/in the future/)]);
  });
});
