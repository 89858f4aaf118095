import { expect, it } from 'vitest';
import { BudgetStream } from '../../../src/http/dashboard/budget-stream.js';
import type { EventStream } from '../../../src/http/dashboard/event-stream.js';
import { LiveBudgets } from '../../../src/http/dashboard/live-budgets.js';
import type { Visitor } from '../../../src/http/dashboard/visitors.js';
import { collectedLog } from '../../support/collected-log.js';
import { NOON, snapshot } from '../../support/samples.js';
import { DashboardPort } from './support.js';

const quiet = {
  ...{ at: NOON, events: [], mergedEvents: 0, denials: new Map(), waiters: 0, stale: false },
  snapshot: snapshot(),
};

async function opened(budgets: LiveBudgets) {
  const sent: string[] = [];
  const gone: (() => void)[] = [];
  const stream = {
    onGone: (listener: () => void) => void gone.push(listener),
    send: (event: string, data: object) => sent.push(`${event} ${JSON.stringify(data)}`) > 0,
    end: () => {
      sent.push('end');
      for (const listener of gone.splice(0)) listener();
    },
  };
  const visitor = { stillIn: () => true, maySee: () => true, mayOperate: () => false } as unknown as Visitor;
  await new BudgetStream(stream as unknown as EventStream, visitor, 'anthropic').follow(budgets);
  return sent;
}

it('ends when its budget is deleted, and says so; of one that was created again it tells anew', async () => {
  const servicePort = new DashboardPort();
  const budgets = new LiveBudgets(servicePort, collectedLog());
  const sent = await opened(budgets);
  servicePort.tell(quiet);
  await expect.poll(() => sent.length).toBe(1);
  servicePort.tell({ ...quiet, snapshot: undefined, gone: true });
  servicePort.watchers.clear();
  await expect.poll(() => sent.at(-1)).toBe('end');
  expect(sent.at(-2)).toMatch(/^problem .*no budget anthropic any more/);
  expect(budgets.size).toBe(0);
  const again = await opened(budgets);
  servicePort.tell(quiet);
  await expect.poll(() => again.length).toBe(1);
  expect(again[0]).toMatch(/^live /);
});
