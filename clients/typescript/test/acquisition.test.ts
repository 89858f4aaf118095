import { expect, it } from 'vitest';
import { AcquireSlotResponse } from '../src/gen/budgetarbiter/v1/budget_service.js';
import { Acquisition, type Granted, type Wanted } from '../src/slot/acquisition.js';
import { WaitLines } from '../src/slot/wait-lines.js';
import type { Acquired, Transport } from '../src/transport/transport.js';

const GRANTED: Acquired = {
  answer: AcquireSlotResponse.fromPartial({
    outcome: { $case: 'granted', value: { lease: { leaseId: 'lease-1' } } },
  }),
};

function begin(asked: Promise<Acquired>) {
  const controller = new AbortController();
  const givenBack: Granted[] = [];
  const wanted: Wanted = {
    ...{ budget: 'anthropic', ai: 'guardian', labels: {}, waitMs: 0, patienceMs: 10_000 },
    ...{ estimate: undefined, atLeast: undefined, model: undefined, fallback: false, failOpen: false },
    signal: controller.signal,
  };
  const transport = { acquire: () => asked } as unknown as Transport;
  const giveBack = (granted: Granted) => void givenBack.push(granted);
  const run = new Acquisition(wanted, {
    ...{ transport, lines: new WaitLines(), renewToken: () => false, giveBack },
  }).run();
  return { run, givenBack, controller };
}

it('gives back what is granted after its caller went', async () => {
  let grant = (_: Acquired) => {};
  const { run, givenBack, controller } = begin(
    new Promise((resolve) => {
      grant = resolve;
    }),
  );
  controller.abort();
  await expect(run).rejects.toThrow('aborted');
  grant(GRANTED);
  await expect.poll(() => givenBack.map(({ lease }) => lease?.leaseId)).toEqual(['lease-1']);
});

it('gives nothing back that its caller has, though it goes in the moment of the answer', async () => {
  const asked = Promise.resolve(GRANTED);
  const { run, givenBack, controller } = begin(asked);
  // Right after the acquisition has heard it.
  void asked.then(() => controller.abort());
  expect((await run).lease?.leaseId).toBe('lease-1');
  expect(givenBack).toEqual([]);
});
