import { afterEach, describe, expect, it } from 'vitest';
import type { ExportQuery } from '../../src/arbiter/service-port.js';
import { refused } from '../../src/domain/model/outcomes.js';
import type { ExportedRow } from '../../src/domain/statistics/usage-lines.js';
import { accessFor, ai, operator, viewer } from '../support/access.js';
import { startServer, stopServers } from '../support/http-server.js';

afterEach(stopServers);

const EXPORT = '/api/token-usage/export';
const ROW: ExportedRow = {
  ...{ budgetId: 'anthropic', day: '2026-11-28', aiId: 'a', model: 'm', teamId: '(none)', unit: 'tokens' },
  ...{ tokens: 9, calls: 1, failedCalls: 0 },
};
const { access } = accessFor({
  tokens: { viewer: [viewer('anthropic')], operator: [operator('*')], ai: [ai('*', 'guardian')] },
});

/** A server whose export has so many rows, or breaks after them. */
function serving(count: number, breaks = false) {
  const asked: [string, ExportQuery][] = [];
  const exportUsage = async (budgetId: string, query: ExportQuery) => {
    if (budgetId === 'nope') return refused({ reason: 'BUDGET_NOT_FOUND', budgetId });
    asked.push([budgetId, query]);
    async function* rows() {
      for (let at = 0; at < count; at += 1) yield ROW;
      if (breaks) throw new Error('the store is gone');
    }
    return { fromDay: '2026-11-01', toDay: '2026-11-28', rows: rows() };
  };
  return { asked, exportUsage };
}

describe('usage as a file over HTTP', () => {
  it('is written as it is read, however much it is', async () => {
    const { asked, exportUsage } = serving(20_000);
    const { url } = await startServer({ exportUsage });
    const response = await fetch(`${url}${EXPORT}?budget_id=openai&from_day=2026-11-01&to_day=2026-11-28`);
    expect(response.headers.get('content-type')).toMatch(/^text\/csv/);
    expect(response.headers.get('content-disposition')).toContain('openai_2026-11-01_2026-11-28.csv');
    expect((await response.text()).split('\r\n')).toHaveLength(20_002);
    expect(asked).toEqual([['openai', { fromDay: '2026-11-01', toDay: '2026-11-28' }]]);
  });

  it('breaks off rather than look whole', async () => {
    const { url } = await startServer(serving(3, true));
    await expect(fetch(url + EXPORT).then((response) => response.text())).rejects.toThrow();
  });

  it.each([
    ['viewer', '', 200],
    ['viewer', '?budget_id=openai', 403],
    ['operator', '?budget_id=openai', 200],
    ['ai', '', 403],
    [undefined, '', 401],
  ] as const)('%s asks for %j: %d, as for ListUsage', async (token, query, status) => {
    const { asked, exportUsage } = serving(1);
    const { url } = await startServer({ access, exportUsage });
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    expect((await fetch(url + EXPORT + query, { headers })).status).toBe(status);
    expect(asked).toHaveLength(status === 200 ? 1 : 0);
  });

  it.each([
    ['?format=xlsx', 400, 'must be csv or jsonl'],
    ['?from_day=2026-11-02&to_day=2026-11-01', 400, 'must not be before'],
    ['?from_day=2020-01-01&to_day=2026-11-01', 400, '366 days'],
    ['?day=2026-11-01', 400, 'unknown parameter'],
    ['?budget_id=nope', 404, 'there is no budget'],
  ])('%s is refused with %d', async (query, status, message) => {
    const { url } = await startServer(serving(1));
    const response = await fetch(url + EXPORT + query);
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(message);
  });
});
