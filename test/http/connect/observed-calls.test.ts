import { afterEach, expect, it } from 'vitest';
import { codeName } from '../../../src/api/failures/status.js';
import type { RpcObserver } from '../../../src/api/observers.js';
import { accessFor, viewer } from '../../support/access.js';
import { stopServers } from '../../support/http-server.js';
import { ManualScheduler } from '../../support/manual-scheduler.js';
import { ADMIN, BUDGETS, startConnect } from './support/connect-harness.js';

afterEach(stopServers);

function observing() {
  const ended: [path: string, code: string][] = [];
  let underWay = 0;
  const observer: RpcObserver = {
    refused: () => {},
    method: (path) => ({
      begin() {
        underWay += 1;
        return 0;
      },
      end(_begunAt, code) {
        underWay -= 1;
        ended.push([path, codeName(code)]);
      },
    }),
  };
  return { observer, ended, underWay: () => underWay };
}

const ASKED = { budgetId: 'anthropic', aiId: 'guardian' };

it('are told to the observer of gRPC, as they end', async () => {
  const { observer, ended, underWay } = observing();
  const http = await startConnect({ observer });
  await http.post(`${BUDGETS}/GetAvailability`, ASKED);
  await http.post(`${BUDGETS}/GetAvailability`, '{');
  await http.post(`${BUDGETS}/GetAvailability`, 'x'.repeat(65_537));
  http.servicePort.refuse({ reason: 'BUDGET_NOT_FOUND', budgetId: 'anthropic' });
  await http.post(`${BUDGETS}/GetAvailability`, ASKED);
  await http.get('/api/v1/budgets/anthropic');
  http.servicePort.answer = () => Promise.reject(new Error('nobody foresaw this'));
  await http.post(`${BUDGETS}/GetAvailability`, ASKED);
  expect(ended).toEqual([
    [`${BUDGETS}/GetAvailability`, 'OK'],
    [`${BUDGETS}/GetAvailability`, 'INVALID_ARGUMENT'],
    [`${BUDGETS}/GetAvailability`, 'RESOURCE_EXHAUSTED'],
    [`${BUDGETS}/GetAvailability`, 'NOT_FOUND'],
    [`${ADMIN}/GetBudget`, 'NOT_FOUND'],
    [`${BUDGETS}/GetAvailability`, 'INTERNAL'],
  ]);
  expect(underWay()).toBe(0);
});

it('end by their time', async () => {
  const { observer, ended } = observing();
  const scheduler = new ManualScheduler([]);
  const http = await startConnect({ observer, scheduler });
  http.servicePort.answer = () => new Promise(() => {});
  const call = http.post(`${BUDGETS}/AcquireSlot`, ASKED, { 'connect-timeout-ms': '500' });
  await expect.poll(() => http.servicePort.asked.length).toBe(1);
  scheduler.advance(500);
  await call;
  expect(ended).toEqual([[`${BUDGETS}/AcquireSlot`, 'DEADLINE_EXCEEDED']]);
});

it('count from the moment that their caller was let in', async () => {
  const { observer, ended } = observing();
  const { access } = accessFor({ tokens: { reader: [viewer('anthropic')] } });
  const http = await startConnect({ observer, access });
  expect((await http.get('/api/v1/budgets/anthropic')).status).toBe(401);
  expect(ended).toEqual([]);
  expect((await http.get('/api/v1/budgets/anthropic', { authorization: 'Bearer reader' })).status).toBe(200);
  expect(ended).toEqual([[`${ADMIN}/GetBudget`, 'OK']]);
});
