import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DistributionQuery, UsageQuery } from '../../../src/arbiter/service-port.js';
import { READS } from '../../../src/http/connect/read-endpoints.js';
import { accessFor, ai, viewer } from '../../support/access.js';
import { stopServers } from '../../support/http-server.js';
import { ANSWERS_BY_THE_PORT } from '../../support/ready-answers.js';
import { budget, closedLease, STATS } from '../../support/samples.js';
import { ADMIN, BUDGETS, type ConnectHarness, startConnect } from './support/connect-harness.js';

const asked: unknown[] = [];
const answers = {
  getDistribution: async (_port: unknown, budgetId: string, query: DistributionQuery) => {
    asked.push([budgetId, query]);
    return { stats: STATS };
  },
  listUsage: async (_port: unknown, budgetId: string, query: UsageQuery) => {
    asked.push([budgetId, query]);
    const row = {
      key: '2026-11-15',
      start: 5_000,
      tokens: 9,
      presumed: 1,
      late: 0,
      calls: 4,
      failedCalls: 1,
    };
    return { rows: [row], nextKey: 'k', totalTokens: 9, totalCalls: 4, budgetTokens: 12 };
  },
};

let http: ConnectHarness;
beforeAll(async () => {
  http = await startConnect(answers);
  http.servicePort.budgets = [budget()];
  http.servicePort.closed = [closedLease(), closedLease({ fence: 8 })];
});
afterAll(stopServers);

describe('what is read over HTTP', () => {
  it.each([
    ['/api/v1/budgets?page_size=1', `${ADMIN}/ListBudgets`, { pageSize: 1 }],
    ['/api/v1/budgets/anthropic', `${ADMIN}/GetBudget`, { budgetId: 'anthropic' }],
    ['/api/v1/budgets/anthropic/distribution', `${BUDGETS}/GetDistribution`, { budgetId: 'anthropic' }],
    ['/api/v1/distribution', `${BUDGETS}/GetDistribution`, { budgetId: 'anthropic' }],
    [
      '/api/v1/budgets/anthropic/leases?include_closed=true',
      `${ADMIN}/ListLeases`,
      { budgetId: 'anthropic', includeClosed: true },
    ],
    ['/api/v1/leases?budget_id=openai&include_closed=false', `${ADMIN}/ListLeases`, { budgetId: 'openai' }],
    [
      '/api/v1/budgets/anthropic/usage?group_by=USAGE_GROUPING_AI',
      `${ADMIN}/ListUsage`,
      { budgetId: 'anthropic', groupBy: 'USAGE_GROUPING_AI' },
    ],
    [
      '/api/v1/usage?from_day=2026-11-01&to_day=2026-11-02',
      `${ADMIN}/ListUsage`,
      { budgetId: 'anthropic', fromDay: '2026-11-01', toDay: '2026-11-02' },
    ],
    ['/api/v1/budgets/anthropic/top-ups?page_size=7', `${ADMIN}/ListTopUps`, { budgetId: 'anthropic' }],
    ['/api/v1/budgets/anthropic/denials', `${ADMIN}/ListDenials`, { budgetId: 'anthropic' }],
    ['/api/v1/denials?rule=RULE_PAUSED', `${ADMIN}/ListDenials`, { budgetId: 'anthropic' }],
    ['/api/v1/top-ups', `${ADMIN}/ListTopUps`, { budgetId: 'anthropic' }],
    ['/api/v1/changes?page_size=7', `${ADMIN}/ListChanges`, { budgetId: 'anthropic' }],
  ])('%s is %s', async (path, rpc, request) => {
    const read = await http.get(path);
    expect([read.status, read.type]).toEqual([200, 'application/json; charset=utf-8']);
    const called = await http.post(rpc, request);
    expect(called.status).toBe(200);
    expect(read.json).toEqual(called.json);
  });

  it('passes on what the query names', async () => {
    asked.length = 0;
    await http.get('/api/v1/budgets/a/distribution?month=2026-10&day=2026-10-31');
    await http.get('/api/v1/usage?budget_id=b&group_by=USAGE_GROUPING_MODEL&page_size=7');
    const several = 'by=USAGE_GROUPING_AI,USAGE_GROUPING_MODEL&order_by=USAGE_ORDER_TOKENS&descending=true';
    await http.get(`/api/v1/usage?budget_id=b&${several}&team_id=web`);
    expect(asked).toEqual([
      ['a', { month: '2026-10', day: '2026-10-31' }],
      ['b', { groupBy: 'MODEL', pageSize: 7 }],
      [
        'b',
        {
          ...{ groupBy: 'AI', by: ['AI', 'MODEL'], teamId: 'web' },
          ...{ orderBy: 'TOKENS', descending: true, pageSize: 100 },
        },
      ],
    ]);
  });

  it('goes from page to page', async () => {
    const first = await http.get('/api/v1/leases?include_closed=true&page_size=1');
    const token = String(first.json['nextPageToken']);
    const second = await http.get(`/api/v1/leases?include_closed=true&page_size=1&page_token=${token}`);
    expect(second.status).toBe(200);
    expect(second.json).not.toEqual(first.json);
  });

  it.each([
    [
      '/api/v1/leases?budget=a',
      'budget',
      /unknown parameter; known are budget_id, include_closed, page_size, page_token/,
    ],
    ['/api/v1/budgets/a/leases?budget_id=b', 'budget_id', /unknown parameter; known are include_closed/],
    ['/api/v1/budgets/a?x=1', 'x', /unknown parameter; known are none/],
    ['/api/v1/leases?__proto__=1', '__proto__', /unknown parameter/],
    ['/api/v1/leases?page_size=1&page_size=2', 'page_size', /more than once/],
    ['/api/v1/leases?page_size=many', 'page_size', /must be a whole number, or one as text; it is "many"/],
    ['/api/v1/leases?page_size=-1', 'page_size', /must be 0 to 1,000/],
    ['/api/v1/leases?page_size=', 'page_size', /must be a whole number/],
    ['/api/v1/leases?include_closed=1', 'include_closed', /must be true or false/],
    ['/api/v1/leases?page_token=x', 'page_token', /must be `next_page_token`/],
    ['/api/v1/leases?budget_id=', 'budget_id', /it is empty/],
    ['/api/v1/usage?group_by=AI', 'group_by', /must be one of USAGE_GROUPING_UNSPECIFIED/],
    ['/api/v1/usage?from_day=yesterday', 'from_day', /must be a day/],
    ['/api/v1/distribution?month=2026-13', 'month', /must be a month/],
    ['/api/v1/budgets/No%20one', 'budget_id', /must be 1 to 63 characters/],
    ['/api/v1/budgets/%ff', 'budget_id', /must be 1 to 63 characters/],
  ])('%s is 400 and names the field', async (path, field, message) => {
    const { status, json } = await http.get(path);
    expect(status).toBe(400);
    expect(json).toEqual({
      error: { code: 'INVALID_FIELD', message: expect.stringMatching(message), field },
    });
  });

  it.each([
    '/api/v1',
    '/api/v1/',
    '/api/v1/budgets/',
    '/api/v1/budgets/a/',
    '/api/v1/budgets/a/b/leases',
    '/api/v1/budgets//leases',
  ])('%s is 404', async (path) => {
    const { status, json } = await http.get(path);
    expect(status).toBe(404);
    expect(json).toMatchObject({ error: { code: 'NOT_FOUND' } });
  });

  it('tells a budget that is not there as the distribution does', async () => {
    http.servicePort.refuse({ reason: 'BUDGET_NOT_FOUND', budgetId: 'nobody' });
    const { status, json } = await http.get('/api/v1/budgets/nobody');
    http.servicePort.answer = undefined;
    expect(status).toBe(404);
    expect(json).toMatchObject({ error: { code: 'BUDGET_NOT_FOUND', field: 'budget_id' } });
  });

  it.each(READS)('$path is only read', async ({ path }) => {
    const response = await fetch(http.url + path.replace('{budget_id}', 'a'), { method: 'POST' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});

describe('with credentials configured', () => {
  const { access } = accessFor({
    tokens: { viewer: [viewer('anthropic')], ai: [ai('anthropic', 'guardian')] },
  });

  it.each(READS)('$path is for viewers of the budget', async ({ path }) => {
    const closed = await startConnect({
      access,
      ...ANSWERS_BY_THE_PORT,
    });
    const get = (token: string, budgetId: string) =>
      closed.get(path.replace('{budget_id}', budgetId), { authorization: `Bearer ${token}` });
    expect((await get('wrong', 'anthropic')).status).toBe(401);
    expect((await get('ai', 'anthropic')).status).toBe(403);
    expect((await get('viewer', 'anthropic')).status).toBe(200);
    expect((await get('viewer', 'openai')).status).toBe(path.includes('{budget_id}') ? 403 : 200);
  });

  it('lists only what a viewer may see', async () => {
    const closed = await startConnect({ access });
    closed.servicePort.budgets = [budget(), budget({}, { budgetId: 'openai' })];
    const { json } = await closed.get('/api/v1/budgets', { authorization: 'Bearer viewer' });
    expect(json['budgets']).toEqual([expect.objectContaining({ budgetId: 'anthropic' })]);
  });
});
