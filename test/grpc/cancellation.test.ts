import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/arbiter/service-port.js';
import { AcquireSlotRequest, BudgetServiceService } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { lease } from '../support/samples.js';
import { answerOf, type Failed, failed, type Harness, startHarness } from './support/harness.js';

const acquire = BudgetServiceService.acquireSlot;
const REQUEST = AcquireSlotRequest.fromPartial({ budgetId: 'a', aiId: 'b', wait: { seconds: 60 } });

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
beforeEach(() => {
  harness.servicePort.answer = undefined;
});
afterAll(() => harness.stop());

/** Sends a request that the service port keeps waiting; resolves with its caller once it is there. */
function startWaiting(deadlineMs?: number): {
  cancel: () => void;
  caller: Promise<Caller>;
  failure: Promise<Failed>;
} {
  let cancel = (): void => {};
  let failure: Promise<Failed> | undefined;
  const caller = new Promise<Caller>((resolve) => {
    harness.servicePort.answer = (_request, at) => {
      resolve(at);
      return new Promise((_, reject) => at.onGone(() => reject(new Error('gone'))));
    };
    failure = new Promise((fail) => {
      const options = deadlineMs === undefined ? {} : { deadline: new Date(Date.now() + deadlineMs) };
      const call = harness.budgets.makeUnaryRequest(
        acquire.path,
        acquire.requestSerialize,
        acquire.responseDeserialize,
        REQUEST,
        options,
        (error) => error !== null && fail(failed(error)),
      );
      cancel = () => call.cancel();
    });
  });
  return { cancel, caller, failure: failure as Promise<Failed> };
}

describe('a caller', () => {
  const gone = (caller: Caller): Promise<void> => new Promise((resolve) => caller.onGone(resolve));

  it('is gone when it cancels', async () => {
    const waiting = startWaiting();
    const caller = await waiting.caller;
    expect(caller.gone).toBe(false);
    waiting.cancel();
    await gone(caller);
    expect(caller.gone).toBe(true);
    expect((await waiting.failure).code).toBe(status.CANCELLED);
    await gone(caller);
  });

  it('is gone when its deadline passes', async () => {
    const waiting = startWaiting(80);
    await gone(await waiting.caller);
    expect((await waiting.failure).code).toBe(status.DEADLINE_EXCEEDED);
  });

  it('is gone when its connection breaks', async () => {
    const other = await startHarness();
    const caller = new Promise<Caller>((resolve) => {
      other.servicePort.answer = (_request, at) => {
        resolve(at);
        return new Promise(() => {});
      };
    });
    other.budgets.acquireSlot(REQUEST, () => {});
    const waiting = await caller;
    other.budgets.close();
    other.server.stopNow();
    await gone(waiting);
    expect(waiting.gone).toBe(true);
    other.stop();
  });

  it('stays until it is answered', async () => {
    let seen: Caller | undefined;
    harness.servicePort.answer = (_request, at) => {
      seen = at;
      expect(at.gone).toBe(false);
      return { kind: 'granted', lease: lease(), replayed: false, availableTokens: 500 };
    };
    await answerOf(harness, acquire, REQUEST);
    await gone(seen as Caller);
  });
});
