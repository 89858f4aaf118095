import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Service, startService } from '../../../test/support/service.js';
import { BudgetClient } from '../src/index.js';

const exporter = new InMemorySpanExporter();
let service: Service;
let client: BudgetClient;
beforeAll(async () => {
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
  service = await startService();
  client = new BudgetClient({ address: service.grpcAddress, budget: 'anthropic', ai: 'guardian' });
});
afterAll(async () => {
  await client?.close();
  await service?.stop();
  trace.disable();
});

it('has a span for each slot, above those of the work and with its error', async () => {
  const work = client.withSlot({ model: 'model-a', estimate: 1 }, async () => {
    trace.getTracer('vendor').startSpan('chat').end();
    throw new Error('bug');
  });
  await expect(work).rejects.toThrow('bug');
  const denied = client.withSlot({ estimate: 1e12 }, () => {});
  await expect(denied).rejects.toMatchObject({ name: 'SlotDenied' });
  const [chat, slot, refused] = exporter.getFinishedSpans();
  expect(slot).toMatchObject({
    name: 'budget_arbiter.slot',
    attributes: {
      'budget_arbiter.budget_id': 'anthropic',
      'budget_arbiter.ai_id': 'guardian',
      'gen_ai.request.model': 'model-a',
    },
    status: { code: 2, message: 'Error: bug' },
  });
  expect(slot?.events.map(({ name }) => name)).toEqual(['granted', 'exception']);
  expect(chat).toMatchObject({ name: 'chat', parentSpanContext: { spanId: slot?.spanContext().spanId } });
  expect(refused?.events.map(({ name }) => name)).toEqual(['exception']);
});
