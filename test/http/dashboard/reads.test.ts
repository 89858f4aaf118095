import { afterEach, describe, expect, it } from 'vitest';
import { accessFor, operator, viewer } from '../../support/access.js';
import { stopServers } from '../../support/http-server.js';
import { budget } from '../../support/samples.js';
import { ask, signedIn, startDashboard } from './support.js';

afterEach(stopServers);

describe('one AI or team', () => {
  it.each(['kind=ai&name=guardian', 'kind=team&name=web', 'kind=ai&name=a%2Fb&month=2026-10'])(
    'is told of by %s',
    async (query) => {
      const { url } = await startDashboard();
      const { status, body } = await ask(`${url}/dashboard/scope?budget_id=anthropic&${query}`);
      expect(status).toBe(200);
      expect(body).toMatchObject({ budgetId: 'anthropic', total: 0, ofTotal: 0, calls: 0 });
      expect(body['days']).toHaveLength(query.includes('10') ? 31 : 30);
    },
  );

  it.each([
    'kind=model&name=m',
    'kind=ai',
    `kind=ai&name=${'a'.repeat(257)}`,
    'kind=ai&name=a&day=2026-11-01',
  ])('is not asked for by %s', async (query) => {
    const { url } = await startDashboard();
    expect((await ask(`${url}/dashboard/scope?budget_id=anthropic&${query}`)).status).toBe(400);
  });
});

describe('a month', () => {
  it.each(['ai', 'model', 'team'])('is stacked by %s', async (by) => {
    const { url } = await startDashboard();
    const { body } = await ask(`${url}/dashboard/month?budget_id=anthropic&by=${by}`);
    expect(body).toMatchObject({ stack: { by, names: [] }, monthBefore: [] });
  });

  it('is stacked by nothing else', async () => {
    const { url } = await startDashboard();
    expect((await ask(`${url}/dashboard/month?budget_id=anthropic&by=hour`)).status).toBe(400);
  });
});

describe('the budgets that somebody may change', () => {
  const { access } = accessFor({
    tokens: { 'operator-token': [operator('open*')], 'viewer-token': [viewer('*')] },
  });

  it.each([
    ['operator-token', true, ['openai']],
    ['viewer-token', false, []],
  ])('are those of %s', async (token, mayOperate, ids) => {
    const { url, servicePort } = await startDashboard({ access });
    servicePort.budgets = ['anthropic', 'openai'].map((budgetId) => ({ ...budget(), budgetId }));
    const { body, headers } = await signedIn(url, token);
    expect(body).toMatchObject({ mayOperate });
    const told = await ask(`${url}/dashboard/operable`, { headers });
    expect(told.body).toEqual({ budgets: ids.map((budgetId) => ({ budgetId, paused: false })) });
  });
});
