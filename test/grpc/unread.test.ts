import { once } from 'node:events';
import { status } from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import { AcquireSlotRequest, BudgetServiceService } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { ManualScheduler } from '../support/manual-scheduler.js';
import { type Harness, startHarness } from './support/harness.js';
import { framed, RawClient } from './support/raw-client.js';

const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
/** A few bytes, and their answer is the whole API. */
const QUESTION = framed(Uint8Array.of(0x22, 22, ...Buffer.from('budgetarbiter.v1.Lease')));
const ACQUIRE = BudgetServiceService.acquireSlot.path;
const REQUEST = AcquireSlotRequest.encode(
  AcquireSlotRequest.fromPartial({ budgetId: 'anthropic', aiId: 'guardian' }),
).finish();

let harness: Harness;
afterEach(() => harness.stop());

it('who leaves the most unread is cut off when there is too much of it in all, and nobody else', async () => {
  const scheduler = new ManualScheduler([]);
  harness = await startHarness({ gate: { limits: { unreadBytesInAll: 10_000 }, scheduler } });
  const [deaf, other] = [await RawClient.connect(harness.port), await RawClient.connect(harness.port)];
  const talk = deaf.open(REFLECTION);
  talk.pause();
  for (let asked = 0; asked < 20; asked += 1) talk.write(QUESTION);
  await expect.poll(() => talk.readableLength).toBeGreaterThan(0);
  const goaway = once(deaf.session, 'goaway');
  await expect
    .poll(async () => {
      await scheduler.advance(1_000);
      return deaf.session.destroyed || deaf.session.closed;
    })
    .toBe(true);
  expect((await goaway)[0]).toBe(11);
  expect((await other.call(ACQUIRE, REQUEST)).grpcStatus).toBe(status.OK);
  await other.close();
});
