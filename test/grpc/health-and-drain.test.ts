import { type ClientReadableStream, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  AcquireSlotRequest,
  type AcquireSlotResponse,
} from '../../src/gen/budgetarbiter/v1/budget_service.js';
import {
  type HealthCheckResponse,
  HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../src/gen/grpc/health/v1/health.js';
import { createGrpcServer } from '../../src/grpc/server.js';
import { lease } from '../support/samples.js';
import {
  answerOf,
  ask,
  type Failed,
  failed,
  failureOf,
  type Harness,
  startHarness,
} from './support/harness.js';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.stop());

/** The answers of a stream as they come, and how it ends. */
function collect<T>(stream: ClientReadableStream<T>): { next: () => Promise<T>; end: Promise<Failed> } {
  const ready: T[] = [];
  const waiting: ((answer: T) => void)[] = [];
  stream.on('data', (answer: T) => {
    const take = waiting.shift();
    if (take === undefined) ready.push(answer);
    else take(answer);
  });
  const end = new Promise<Failed>((resolve) => {
    stream.on('error', (error) => resolve(failed(error as never)));
  });
  const next = (): Promise<T> =>
    new Promise((resolve) => {
      const answer = ready.shift();
      if (answer === undefined) waiting.push(resolve);
      else resolve(answer);
    });
  return { next, end };
}

describe('health', () => {
  const check = (service: string) => answerOf(harness, HealthService.check, { service });

  it('answers for the server and each of its services', async () => {
    for (const service of ['', 'budgetarbiter.v1.BudgetService', 'budgetarbiter.v1.BudgetAdminService']) {
      expect(await check(service)).toEqual({ status: ServingStatus.SERVING });
    }
    harness.server.setServing(false);
    expect(await check('')).toEqual({ status: ServingStatus.NOT_SERVING });
    const { statuses } = await answerOf(harness, HealthService.list, {});
    expect(statuses[''] as HealthCheckResponse).toEqual({ status: ServingStatus.NOT_SERVING });
    expect(Object.keys(statuses)).toHaveLength(3);
  });

  it('does not know other services', async () => {
    const error = await failureOf(harness, HealthService.check, { service: 'nobody' });
    expect(error.code).toBe(status.NOT_FOUND);
    const watch = collect(harness.health.watch({ service: 'nobody' }));
    expect(await watch.next()).toEqual({ status: ServingStatus.SERVICE_UNKNOWN });
  });

  it('tells watchers of each change', async () => {
    const watch = collect(harness.health.watch({ service: '' }));
    expect(await watch.next()).toEqual({ status: ServingStatus.SERVING });
    harness.server.setServing(false);
    expect(await watch.next()).toEqual({ status: ServingStatus.NOT_SERVING });
    harness.server.setServing(true);
    expect(await watch.next()).toEqual({ status: ServingStatus.SERVING });
  });
});

describe('drain', () => {
  const acquire = () =>
    new Promise<AcquireSlotResponse>((resolve, reject) => {
      const request = AcquireSlotRequest.fromPartial({ budgetId: 'a', aiId: 'b', wait: { seconds: 60 } });
      harness.budgets.acquireSlot(request, (error, answer) =>
        error === null ? resolve(answer) : reject(error),
      );
    });

  it('tells watchers, ends their streams, and lets a call under way be answered', async () => {
    const health = collect(harness.health.watch({ service: '' }));
    expect(await health.next()).toEqual({ status: ServingStatus.SERVING });
    const watching = new Promise<void>((resolve) => {
      harness.servicePort.onWatch = resolve;
    });
    const budget = collect(harness.admin.watchBudget({ budgetId: 'a' }));
    await watching;
    let grant = (): void => {};
    const asked = new Promise<void>((resolve) => {
      harness.servicePort.answer = () =>
        new Promise((answer) => {
          grant = () => answer({ kind: 'granted', lease: lease(), replayed: false, availableTokens: 500 });
          resolve();
        });
    });
    const underWay = acquire();
    await asked;

    let drained = false;
    const drain = harness.server.drain(5_000).then(() => {
      drained = true;
    });
    expect(await health.next()).toEqual({ status: ServingStatus.NOT_SERVING });
    for (const { end } of [health, budget]) {
      expect(await end).toMatchObject({
        code: status.UNAVAILABLE,
        reason: 'SHUTTING_DOWN',
        retryAfterSeconds: 1,
      });
    }
    expect(harness.servicePort.watchers.size).toBe(0);
    expect(drained).toBe(false);
    grant();
    expect((await underWay).outcome?.$case).toBe('granted');
    for (const client of [harness.budgets, harness.admin, harness.health]) client.close();
    await drain;
  });

  it('cuts off what is not answered in time', async () => {
    const asked = new Promise<void>((resolve) => {
      harness.servicePort.answer = () => {
        resolve();
        return new Promise(() => {});
      };
    });
    const underWay = acquire().catch((error: { code: number }) => error.code);
    await asked;
    await harness.server.drain(50);
    expect([status.CANCELLED, status.UNAVAILABLE]).toContain(await underWay);
  });

  it('takes no new connections', async () => {
    await harness.server.drain(1_000);
    const later = await startHarness();
    const { error } = await ask(harness, HealthService.check, { service: '' });
    expect(error?.code).toBe(status.UNAVAILABLE);
    later.stop();
  });
});

it('names the address that it cannot listen on', async () => {
  const address = `127.0.0.1:${harness.port}`;
  const { servicePort } = harness;
  const second = createGrpcServer({ servicePort, address, ...({} as object) } as never);
  await expect(second.start()).rejects.toThrow(
    `GRPC_ADDRESS: cannot listen on ${address}: another process uses it`,
  );
});
