import { expect, it } from 'vitest';
import { ArbiterError, type WatchUpdate } from '../../../src/arbiter/service-port.js';
import type { EventStream } from '../../../src/http/dashboard/event-stream.js';
import { LiveBudgets } from '../../../src/http/dashboard/live-budgets.js';
import { type OverviewOptions, OverviewStream } from '../../../src/http/dashboard/overview-stream.js';
import type { OverviewUpdate } from '../../../src/http/dashboard/page-data.js';
import type { Visitor } from '../../../src/http/dashboard/visitors.js';
import { collectedLog } from '../../support/collected-log.js';
import { ManualScheduler } from '../../support/manual-scheduler.js';
import { budget, NOON, snapshot } from '../../support/samples.js';
import { DashboardPort } from './support.js';

/** What a page needs of its stream. */
function fakeStream() {
  const sent: OverviewUpdate[] = [];
  const gone: (() => void)[] = [];
  const stream = {
    isGone: false,
    onGone: (listener: () => void) => void gone.push(listener),
    send: (_event: string, data: OverviewUpdate) => sent.push(data) > 0,
    end: () => {},
  };
  return { stream: stream as unknown as EventStream, sent, leave: () => gone.map((each) => each()) };
}

const update = (revision: number): WatchUpdate => ({
  ...{ at: NOON, events: [], mergedEvents: 0, denials: new Map(), waiters: 0, stale: false },
  snapshot: snapshot({ revision }),
});

async function opened(list: OverviewOptions['list'] = async () => ({ budgets: [budget()], more: false })) {
  const scheduler = new ManualScheduler([]);
  const servicePort = new DashboardPort();
  let stillIn = true;
  const { stream, sent, leave } = fakeStream();
  const page = new OverviewStream(stream, {
    budgets: new LiveBudgets(servicePort, collectedLog()),
    visitor: { stillIn: () => stillIn } as Visitor,
    list,
    query: { wanted: '', order: 'worst', page: 1 },
    now: () => NOON,
    scheduler,
  });
  await page.run();
  const first = [...sent];
  // The first ticks come faster.
  await scheduler.advance(5_000);
  sent.splice(0);
  const signOut = () => {
    stillIn = false;
  };
  return { scheduler, servicePort, sent, first, leave, signOut };
}

it('tells of a change soon after it is seen, not only with the tick of its second', async () => {
  const { scheduler, servicePort, sent } = await opened();
  const cards = () => sent.flatMap((told) => told.cards.map(({ budgetId }) => budgetId));
  servicePort.tell(update(10));
  await scheduler.advance(200);
  expect(cards()).toEqual(['anthropic']);
  sent.splice(0);
  servicePort.tell(update(10));
  await scheduler.advance(200);
  expect(sent.filter((told) => told.cards.length > 0)).toEqual([]);
});

it('gathers what many budgets have to tell', async () => {
  const { scheduler, servicePort, sent } = await opened();
  for (const revision of [10, 11, 12]) servicePort.tell(update(revision));
  await scheduler.advance(200);
  expect(sent.filter((told) => told.cards.length > 0)).toHaveLength(1);
});

it('forgets a budget that was deleted, and follows it anew when it is listed again', async () => {
  const { scheduler, servicePort, sent } = await opened();
  servicePort.tell({ ...update(10), snapshot: undefined, gone: true });
  servicePort.watchers.clear();
  await scheduler.advance(200);
  expect(sent.flatMap(({ stale }) => stale)).toEqual([]);
  await scheduler.advance(3_000);
  sent.splice(0);
  servicePort.tell(update(11));
  await scheduler.advance(200);
  expect(sent.flatMap((told) => told.cards.map(({ budgetId }) => budgetId))).toEqual(['anthropic']);
});

it('tells nothing to those who have left, or are no longer signed in', async () => {
  for (const how of ['leave', 'signOut'] as const) {
    const { scheduler, servicePort, sent, ...ways } = await opened();
    servicePort.tell(update(10));
    ways[how]();
    await scheduler.advance(200);
    expect(sent.flatMap((told) => told.cards ?? [])).toEqual([]);
  }
});

it('says that it could not read which budgets there are, not that there are none', async () => {
  const away = new ArbiterError('STORE_UNAVAILABLE', 'the store does not answer');
  let isAway = true;
  const list = async () => {
    if (isAway) throw away;
    return { budgets: [budget()], more: false };
  };
  const { scheduler, sent, first } = await opened(list);
  await scheduler.advance(3_000);
  const told = [...first, ...sent];
  expect(told.flatMap(({ budgetIds, problem }) => [budgetIds, problem])).toEqual(
    told.flatMap(() => [undefined, 'the store does not answer']),
  );
  isAway = false;
  sent.splice(0);
  await scheduler.advance(3_000);
  expect(sent.find(({ budgetIds }) => budgetIds !== undefined)).toMatchObject({ total: 1 });
  expect(sent.at(-1)?.problem).toBeUndefined();
});
