import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ArbiterError, type Caller } from '../../../src/arbiter/service-port.js';
import { PROCESS_SCHEDULER, type Scheduler } from '../../../src/platform/scheduler.js';
import { accessFor, ai, settingsOf } from '../../support/access.js';
import { stopServers } from '../../support/http-server.js';
import { budget } from '../../support/samples.js';
import { ADMIN, BUDGETS, type ConnectHarness, startConnect } from './support/connect-harness.js';

const PAUSED = { kind: 'budget', budget: budget(), warnings: [] } as const;
const ACQUIRE = `${BUDGETS}/AcquireSlot`;
const WAIT = JSON.stringify({ budgetId: 'anthropic', aiId: 'guardian', wait: '60s' });

afterEach(stopServers);

/** Lets the service port keep every call, until its caller goes. */
function keepCalls(http: ConnectHarness): Caller[] {
  const callers: Caller[] = [];
  http.servicePort.answer = (_request, caller) => {
    callers.push(caller);
    return new Promise((_, reject) => caller.onGone(() => reject(new ArbiterError('CANCELLED', 'gone'))));
  };
  return callers;
}

function send(port: number, count = 1): Socket {
  const head = `Host: localhost\r\nContent-Type: application/json\r\nContent-Length: ${WAIT.length}\r\n\r\n`;
  const socket = connect(port, '127.0.0.1', () => {
    socket.write(`POST ${ACQUIRE} HTTP/1.1\r\n${head}${WAIT}`.repeat(count));
  });
  socket.on('error', () => {});
  return socket;
}

const gone = (caller: Caller | undefined): Promise<void> => new Promise((resolve) => caller?.onGone(resolve));

describe('a caller', () => {
  it.each(['end', 'destroy', 'resetAndDestroy'] as const)('is gone with its connection: %s', async (how) => {
    const http = await startConnect();
    const callers = keepCalls(http);
    const socket = send(http.port);
    await expect.poll(() => callers.length).toBe(1);
    expect(callers[0]?.gone).toBe(false);
    socket[how]();
    await gone(callers[0]);
    expect(callers[0]?.gone).toBe(true);
    await gone(callers[0]);
  });

  it('is gone with all that it sent ahead', async () => {
    const http = await startConnect();
    const callers = keepCalls(http);
    const socket = send(http.port, 5);
    await expect.poll(() => callers.length).toBe(5);
    socket.destroy();
    await Promise.all(callers.map(gone));
  });

  it('stays when its call is answered', async () => {
    const http = await startConnect();
    let called = 0;
    let caller: Caller | undefined;
    http.servicePort.answer = (_request, own) => {
      caller = own;
      own.onGone(() => {
        called += 1;
      });
      throw new ArbiterError('QUEUE_FULL', 'x');
    };
    const socket = send(http.port);
    await once(socket, 'data');
    socket.destroy();
    await once(socket, 'close');
    expect((await http.get('/healthz')).status).toBe(200);
    expect([called, caller?.gone]).toEqual([0, false]);
  });

  it('may be silent while it waits, and no longer once it is answered', async () => {
    const http = await startConnect();
    const callers = keepCalls(http);
    const limits: number[] = [];
    const socket = send(http.port);
    await expect.poll(() => callers.length).toBe(1);
    limits.push((callers[0] as unknown as { socket: Socket }).socket.timeout ?? -1);
    socket.destroy();
    await gone(callers[0]);
    expect(limits).toEqual([0]);
  });
});

it('goes when its time is over', async () => {
  const timers: [number, () => void][] = [];
  const scheduler: Scheduler = {
    ...PROCESS_SCHEDULER,
    after: (ms, task) => {
      timers.push([ms, task]);
      return () => {};
    },
  };
  const http = await startConnect({ scheduler });
  const callers = keepCalls(http);
  const answer = http.post(ACQUIRE, WAIT, { 'connect-timeout-ms': '2500' });
  await expect.poll(() => callers.length).toBe(1);
  expect(timers.map(([ms]) => ms)).toEqual([2_500]);
  timers[0]?.[1]();
  const { status, json } = await answer;
  expect([status, json['code']]).toEqual([504, 'deadline_exceeded']);
  expect(json['message']).toContain('repeat it with the same ids');
  expect(callers[0]?.gone).toBe(true);
});

it('lets 128 calls of AIs wait, and answers everybody else, operators too', async () => {
  // Of one address as many would be a bound of their own.
  const http = await startConnect({}, { requestsPerAddress: 256 });
  const callers = keepCalls(http);
  const sockets = Array.from({ length: 16 }, () => send(http.port, 8));
  await expect.poll(() => callers.length).toBe(128);
  const { status, json, headers } = await http.post(ACQUIRE, WAIT);
  expect([status, json['code'], headers.get('retry-after')]).toEqual([429, 'resource_exhausted', '1']);
  expect((await http.get('/healthz')).status).toBe(200);
  const keep = http.servicePort.answer;
  http.servicePort.answer = (request, caller) =>
    (request.kind === 'pause' ? PAUSED : keep?.(request, caller)) as never;
  expect((await http.post(`${ADMIN}/PauseBudget`, { budgetId: 'anthropic' })).status).toBe(200);
  for (const socket of sockets) socket.destroy();
  await Promise.all(callers.map(gone));
  http.servicePort.answer = undefined;
  await expect.poll(async () => (await http.post(ACQUIRE, WAIT)).status).toBe(200);
});

it('says nothing of a client that leaves in the middle of its body', async () => {
  const http = await startConnect();
  const socket = connect(http.port, '127.0.0.1');
  await new Promise<void>((resolve) => {
    const head = 'Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{';
    socket.write(`POST ${ACQUIRE} HTTP/1.1\r\n${head}`, () => resolve());
  });
  await expect.poll(async () => (await http.get('/healthz')).status).toBe(200);
  socket.resetAndDestroy();
  await expect.poll(() => http.log.entries.map(({ message }) => message)).toEqual(['a call was refused']);
  expect(http.servicePort.asked).toEqual([]);
});

it('a call that waits is answered when the credentials that it showed are withdrawn', async () => {
  const tokens = { robot: [ai('*', 'guardian')], other: [ai('*', 'guardian')] };
  const { access } = accessFor({ tokens });
  const http = await startConnect({ access });
  const callers = keepCalls(http);
  const ask = (token: string) =>
    fetch(`http://127.0.0.1:${http.port}${ACQUIRE}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: WAIT,
    });
  const [mine, others] = [ask('robot'), ask('other')];
  await expect.poll(() => callers.length).toBe(2);
  access.replace(settingsOf({ tokens: { other: tokens.other } }));
  const answer = await mine;
  expect(answer.status).toBe(401);
  expect(await answer.json()).toMatchObject({
    code: 'unauthenticated',
    message: expect.stringContaining('were withdrawn'),
  });
  expect(callers.filter(({ gone: isGone }) => isGone)).toHaveLength(1);
  access.replace(settingsOf({ tokens: { robot: tokens.robot } }));
  expect((await others).status).toBe(401);
});
