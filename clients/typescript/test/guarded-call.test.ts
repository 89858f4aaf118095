import { expect, it } from 'vitest';
import { FakeBudgetClient } from '../src/testing.js';
import { GuardedCall } from '../src/wrap/guarded-call.js';

/** A stream that begins, and then says nothing more. */
function begun(type: string): Response {
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('data: {"choices": []}\n\n')),
  });
  return new Response(body, { headers: { 'content-type': type } });
}

it.each([
  ['text/event-stream', false],
  ['text/event-stream', true],
  ['application/json', false],
  ['application/json', true],
])(
  'an answer of %s that is not read to its end failed if its caller cancelled it: %s',
  async (type, isCancelled) => {
    const budget = new FakeBudgetClient();
    const cancel = new AbortController();
    const request = { method: 'post', path: '/chat/completions', signal: cancel.signal };
    const slot = await budget.acquire();
    const call = new GuardedCall({ slot, request, hidesUsage: false, estimateStreamed: undefined });
    const { body } = await call.send(async () => begun(type));
    const reader = body?.getReader();
    await reader?.read();
    // As the SDKs do on their caller's signal: they stop reading, whichever they hear of first.
    if (isCancelled) cancel.abort();
    await reader?.cancel();
    expect(budget.slots[0]?.reports.map(({ failed }) => failed)).toEqual(isCancelled ? [true] : []);
    expect(budget.slots[0]?.unreported).toBe('PRESUME');
  },
);
