import { once } from 'node:events';
import { constants } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import {
  BudgetAdminServiceService,
  UpdateBudgetRequest,
} from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import {
  AcquireSlotRequest,
  BudgetServiceService,
  SessionRequest,
} from '../../src/gen/budgetarbiter/v1/budget_service.js';
import type { GateLimits } from '../../src/grpc/gate/gate-limits.js';
import { ManualScheduler } from '../support/manual-scheduler.js';
import { LEASE_ID } from '../support/samples.js';
import { ask, askBytes, failureOf, type Harness, startHarness } from './support/harness.js';
import { endOf, framed, RawClient } from './support/raw-client.js';

const ACQUIRE = BudgetServiceService.acquireSlot;
const PUT = BudgetAdminServiceService.updateBudget;
const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const REQUEST = AcquireSlotRequest.fromPartial({ budgetId: 'anthropic', aiId: 'guardian' });
const BYTES = AcquireSlotRequest.encode(REQUEST).finish();

let harness: Harness;
const clients: RawClient[] = [];
const scheduler = new ManualScheduler([]);
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  harness.stop();
});

async function start(limits: Partial<GateLimits>): Promise<void> {
  harness = await startHarness({ gate: { limits, scheduler } });
}

async function client(): Promise<RawClient> {
  const made = await RawClient.connect(harness.port);
  clients.push(made);
  return made;
}

/** Calls that nobody answers until the test says so. Resolves when all of them are at the service port. */
async function occupy(count: number): Promise<{ answer(): void; ends: Promise<unknown>[] }> {
  const release: (() => void)[] = [];
  const arrived = new Promise<void>((resolve) => {
    harness.servicePort.answer = () =>
      new Promise((_, reject) => {
        release.push(() => reject(new Error('of no interest')));
        if (release.length === count) resolve();
      });
  });
  const ends = Array.from({ length: count }, () => ask(harness, ACQUIRE, REQUEST));
  await arrived;
  harness.servicePort.answer = undefined;
  return { answer: () => void release.splice(0).map((letGo) => letGo()), ends };
}

const tooMany = { code: status.RESOURCE_EXHAUSTED, reason: 'QUEUE_FULL', retryAfterSeconds: 1 };

describe('calls under way', () => {
  it('are refused above the bound of the server, and accepted again below it', async () => {
    await start({ calls: 3 });
    const busy = await occupy(3);
    expect(await failureOf(harness, ACQUIRE, REQUEST)).toMatchObject(tooMany);
    expect(harness.servicePort.asked).toHaveLength(3);
    busy.answer();
    await Promise.all(busy.ends);
    expect((await ask(harness, ACQUIRE, REQUEST)).error).toBeUndefined();
  });

  it('are refused above the bound of one address and of one connection, however often it asks', async () => {
    await start({ calls: 100, callsPerAddress: 2 });
    const busy = await occupy(2);
    for (let again = 0; again < 50; again += 1) {
      expect(await failureOf(harness, ACQUIRE, REQUEST)).toMatchObject(tooMany);
    }
    busy.answer();
    await Promise.all(busy.ends);
  });

  it('of one connection wait in a client that knows the bound, and are refused to one that ignores it', async () => {
    await start({ callsPerConnection: 2 });
    const busy = await occupy(2);
    const other = await client();
    expect((await other.call(ACQUIRE.path, BYTES)).grpcStatus).toBe(status.OK);
    expect(other.session.remoteSettings.maxConcurrentStreams).toBe(2);
    busy.answer();
    await Promise.all(busy.ends);
  });

  it('that are refused are over, whatever their client still means to send', async () => {
    await start({ calls: 0 });
    const slow = await client();
    const half = slow.open(ACQUIRE.path);
    half.write(framed(BYTES).subarray(0, 3));
    expect(await endOf(half)).toMatchObject({ grpcStatus: status.RESOURCE_EXHAUSTED });
    expect(slow.session.destroyed).toBe(false);
  });

  it('that go on after many refusals are read later', async () => {
    await start({ calls: 1, refusalsPerSecond: 20 });
    const busy = await occupy(1);
    const flood = await client();
    const ends = await Promise.all(Array.from({ length: 60 }, () => flood.call(ACQUIRE.path, BYTES)));
    expect(ends[59]).toMatchObject({
      grpcStatus: status.RESOURCE_EXHAUSTED,
      detailTypes: ['ErrorInfo', 'RetryInfo'],
    });
    busy.answer();
    await Promise.all(busy.ends);
    let answered = false;
    const later = flood.call(ACQUIRE.path, BYTES).finally(() => {
      answered = true;
    });
    expect((await ask(harness, ACQUIRE, REQUEST)).error).toBeUndefined();
    expect(answered).toBe(false);
    await scheduler.advance(100);
    expect((await later).grpcStatus).toBe(status.OK);
  });

  it('leave room for health checks', async () => {
    await start({ calls: 1, healthChecks: 1 });
    const busy = await occupy(1);
    const checked = await new Promise((resolve) =>
      harness.health.check({ service: '' }, (error) => resolve(error)),
    );
    expect(checked).toBeNull();
    busy.answer();
    await Promise.all(busy.ends);
  });

  it('count from the first header to the end, whatever becomes of them', async () => {
    await start({ calls: 2 });
    const half = await client();
    const streams = [half.open(ACQUIRE.path), half.open(ACQUIRE.path)];
    const ends = streams.map((stream) => endOf(stream));
    expect((await half.call(ACQUIRE.path, BYTES)).grpcStatus).toBe(status.RESOURCE_EXHAUSTED);
    for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
    await Promise.all(ends);
    await expect.poll(async () => (await ask(harness, ACQUIRE, REQUEST)).error).toBeUndefined();
  });
});

describe('time', () => {
  it('ends a request that does not arrive whole, but no conversation', async () => {
    await start({ requestSeconds: 3 });
    const slow = await client();
    const half = slow.open(ACQUIRE.path);
    const ended = endOf(half);
    half.write(framed(BYTES).subarray(0, 9));
    const talk = slow.open(REFLECTION);
    await slow.call(ACQUIRE.path, BYTES);
    for (let second = 0; second < 4; second += 1) await scheduler.advance(1_000);
    expect((await ended).resetCode).toBe(constants.NGHTTP2_CANCEL);
    expect(talk.closed).toBe(false);
  });

  it('ends an answer that is not read', async () => {
    await start({ answerSeconds: 3 });
    const deaf = await client();
    const watch = deaf.open(REFLECTION);
    // Each question is one byte of wire and the answer fills the window that the client never opens again.
    const question = framed(Uint8Array.of(0x22, 22, ...Buffer.from('budgetarbiter.v1.Lease')));
    for (let asked = 0; asked < 20; asked += 1) watch.write(question);
    watch.pause();
    await expect
      .poll(() => (watch.session?.state.effectiveRecvDataLength ?? 0) > 0 || watch.readableLength > 0)
      .toBe(true);
    const closed = once(watch, 'close');
    for (let second = 0; second < 8; second += 1) await scheduler.advance(1_000);
    watch.resume();
    await closed;
    expect(watch.rstCode).toBe(constants.NGHTTP2_CANCEL);
  });

  it('ends a connection that does not speak HTTP/2', async () => {
    await start({ helloSeconds: 2 });
    const socket = connectTcp(harness.port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'data');
    socket.resume();
    const closed = once(socket, 'close');
    await scheduler.advance(3_000);
    await closed;
    expect((await ask(harness, ACQUIRE, REQUEST)).error).toBeUndefined();
  });
});

describe('connections', () => {
  it('of one address are cut off above the bound, and the first ones go on', async () => {
    await start({ connectionsPerAddress: 2 });
    const [first] = [await client(), await client()];
    const third = connectTcp(harness.port, '127.0.0.1');
    third.resume();
    await once(third, 'close');
    expect((await first?.call(ACQUIRE.path, BYTES))?.grpcStatus).toBe(status.OK);
    await first?.close();
    await expect
      .poll(async () => (await (await client()).call(ACQUIRE.path, BYTES)).grpcStatus)
      .toBe(status.OK);
  });

  it('are closed at once above the bound of the server', async () => {
    await start({ connections: 1 });
    const first = await client();
    const second = connectTcp(harness.port, '127.0.0.1');
    second.on('error', () => {});
    second.resume();
    await once(second, 'close');
    expect((await first.call(ACQUIRE.path, BYTES)).grpcStatus).toBe(status.OK);
  });

  it('that ping without end are told to be calm, and cut off', async () => {
    await start({ pingsPerSecond: 10 });
    const noisy = connectTcp(harness.port, '127.0.0.1');
    const heard: Buffer[] = [];
    noisy.on('data', (bytes: Buffer) => heard.push(bytes));
    noisy.on('error', () => {});
    const ping = Buffer.from('0000080600000000000102030405060708', 'hex');
    const settings = Buffer.from('000000040000000000', 'hex');
    const hello = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    noisy.write(Buffer.concat([hello, settings, ...Array.from({ length: 30 }, () => ping)]));
    await once(noisy, 'close');
    const goaway = Buffer.from('00000000000b', 'hex');
    expect(Buffer.concat(heard).includes(goaway)).toBe(true);
    expect((await ask(harness, ACQUIRE, REQUEST)).error).toBeUndefined();
  });

  it('that probe the line while they call go on', async () => {
    await start({ pingsPerSecond: 2 });
    const probing = await client();
    for (let count = 0; count < 20; count += 1) {
      probing.session.ping(() => {});
      expect((await probing.call(ACQUIRE.path, BYTES)).grpcStatus).toBe(status.OK);
    }
  });
});

describe('a session', () => {
  const converse = (message: object) =>
    framed(SessionRequest.encode(SessionRequest.fromPartial(message)).finish());

  it('whose client probes the line while answers come goes on, and one that only pings is cut off', async () => {
    await start({ pingsPerSecond: 2 });
    const probing = await client();
    const stream = probing.open(BudgetServiceService.session.path);
    stream.write(converse({ call: { $case: 'open', value: { budgetId: 'anthropic', aiId: 'guardian' } } }));
    await once(stream, 'data');
    for (let tag = 1; tag < 20; tag += 1) {
      probing.session.ping(() => {});
      stream.write(converse({ tag, call: { $case: 'release', value: { leaseId: LEASE_ID } } }));
      await once(stream, 'data');
    }
    expect(stream.closed).toBe(false);
    const closed = new Promise((resolve) => probing.session.once('close', resolve));
    for (let count = 0; count < 60 && !probing.session.destroyed; count += 1) {
      await new Promise<void>((resolve) => void probing.session.ping(() => resolve()));
    }
    await closed;
  });
});

describe('sizes', () => {
  it('a message of more than 64 KiB is refused, and so is metadata of more than 16 KiB', async () => {
    await start({});
    const { error } = await askBytes(harness, ACQUIRE.path, new Uint8Array(64 * 1024 + 1));
    expect(error?.code).toBe(status.RESOURCE_EXHAUSTED);
    const wordy = await client();
    const end = await wordy.call(ACQUIRE.path, BYTES, { note: 'x'.repeat(17 * 1024) });
    const refused = { grpcStatus: status.RESOURCE_EXHAUSTED, reason: 'METADATA_TOO_LARGE' };
    expect(end).toMatchObject({ ...refused, detailTypes: ['ErrorInfo'] });
    expect((await wordy.call(ACQUIRE.path, BYTES, { note: 'x'.repeat(8 * 1024) })).grpcStatus).toBe(
      status.OK,
    );
  });

  it('the largest legal policy fits', async () => {
    await start({});
    const percent = 12.3456;
    const weights = { inputPercent: percent, outputPercent: percent, cacheReadPercent: percent };
    const all = { ...weights, cacheWritePercent: percent, reasoningPercent: percent, totalPercent: percent };
    const names = (count: number) => Array.from({ length: count }, (_, index) => `${index}`.padEnd(128, 'x'));
    const policy = {
      maxDailyPercentByAi: Object.fromEntries(names(250).map((name) => [name, percent])),
      tokenWeightsByModel: Object.fromEntries(names(100).map((name) => [name, all])),
      fallbackBudgetIds: names(16).map((name) => name.slice(0, 63)),
      timeZone: 'America/Argentina/Buenos_Aires',
    };
    const request = UpdateBudgetRequest.fromPartial({ budgetId: 'a'.repeat(63), policy });
    expect(UpdateBudgetRequest.encode(request).finish().length).toBeGreaterThan(50_000);
    expect((await ask(harness, PUT, request)).error).toBeUndefined();
  });
});
