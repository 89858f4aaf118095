import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoadedClients } from '../support/loaded-client.js';
import { type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.js';
import { ROOMY_MESSAGE } from '../support/policies.js';
import { type Service, startService } from '../support/service.js';
import { failedStart } from './support/failed-start.js';
import type { AcquireAnswer } from './support/messages.js';
import { until, untilTrue } from './support/until.js';

const BUDGET = 'traced';
const QUICK = { OTEL_BSP_SCHEDULE_DELAY: '50', LOG_LEVEL: 'debug' };

/** A trace of a caller's own making. */
function parentOf(digit: string, flags = '01') {
  const [traceId, spanId] = [digit.repeat(32), digit.repeat(16)];
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` };
}

describe('a service with a collector', () => {
  let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
  let service: Service;
  let clients: LoadedClients;
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    const OTEL_EXPORTER_OTLP_ENDPOINT = `${receiver.endpoint}/`;
    service = await startService({ env: { ...QUICK, OTEL_EXPORTER_OTLP_ENDPOINT } });
    clients = new LoadedClients(service.grpcAddress);
    await clients.admin('CreateBudget', {
      budget_id: BUDGET,
      policy: { ...ROOMY_MESSAGE, max_concurrent: 100 },
    });
  });
  afterAll(async () => {
    clients?.close();
    await service?.stop();
    await receiver?.stop();
  });

  const spansOf = (traceId: string) => receiver.spans.filter((span) => span.traceId === traceId);
  const spanOf = (traceId: string, name: string): Promise<ReceivedSpan> =>
    until(`${name} of ${traceId}`, () => spansOf(traceId).find((span) => span.name === name));

  function acquire(ai_id: string, traceparent: string): Promise<AcquireAnswer> {
    return clients.call('AcquireSlot', { budget_id: BUDGET, ai_id }, { headers: { traceparent } });
  }

  it('continues the trace of a gRPC caller, down to the store', async () => {
    const parent = parentOf('a');
    await acquire('guardian', parent.traceparent);
    const rpc = await spanOf(parent.traceId, 'budgetarbiter.v1.BudgetService/AcquireSlot');
    const batch = await spanOf(parent.traceId, 'batch');
    const commit = await spanOf(parent.traceId, 'commit');
    const store = await spanOf(parent.traceId, 'store.commit');
    expect(rpc).toMatchObject({ parentSpanId: parent.spanId, kind: 2, status: { code: 0 } });
    expect(rpc.attributes).toEqual({
      'rpc.system': 'grpc',
      'rpc.service': 'budgetarbiter.v1.BudgetService',
      'rpc.method': 'AcquireSlot',
      'rpc.grpc.status_code': 0,
    });
    expect(batch).toMatchObject({ parentSpanId: rpc.spanId, attributes: { budget: BUDGET, requests: 1 } });
    expect(commit.parentSpanId).toBe(batch.spanId);
    expect(store).toMatchObject({ parentSpanId: commit.spanId, attributes: { 'db.system.name': 'lmdb' } });
    expect([...receiver.paths]).toEqual(['POST /v1/traces']);
    expect(receiver.resource()).toMatchObject({ 'service.name': 'budget-arbiter' });
  });

  /** The service writes its lines a moment after it has answered. */
  const lineOfGrant = (wanted: string) =>
    until('the line of the grant', () =>
      service.logs.find(({ msg, ai }) => msg === 'slot granted' && ai === wanted),
    );

  it('writes the trace id into the log lines of the request', async () => {
    const parent = parentOf('b');
    await acquire('logged', parent.traceparent);
    const line = await lineOfGrant('logged');
    expect(line).toMatchObject({
      trace_id: parent.traceId,
      span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    await acquire('logged', parent.traceparent);
    const denied = await until('the line of the denial', () =>
      service.logs.find(({ msg, ai }) => msg === 'slot denied' && ai === 'logged'),
    );
    expect(denied['trace_id']).toBe(parent.traceId);
  });

  it('gives each of many requests in one batch its own trace, and links the batch to all', async () => {
    const parents = ['1', '2', '3', '4', '5', '6', '7', '8'].map((digit) => parentOf(digit));
    await Promise.all(parents.map(({ traceparent }, index) => acquire(`ai-${index}`, traceparent)));
    const rpcs = await Promise.all(
      parents.map(({ traceId }) => spanOf(traceId, 'budgetarbiter.v1.BudgetService/AcquireSlot')),
    );
    const batches = () => parents.flatMap(({ traceId }) => spansOf(traceId)).filter(isBatch);
    await untilTrue('every call stands in a batch', () => {
      const served = new Set(
        batches().flatMap((span) => [span.parentSpanId, ...span.links.map((l) => l.spanId)]),
      );
      return rpcs.every(({ spanId }) => served.has(spanId));
    });
    for (const [index, { traceId }] of parents.entries()) {
      const line = await lineOfGrant(`ai-${index}`);
      expect(line['trace_id']).toBe(traceId);
    }
  });

  it('continues the trace of an HTTP caller', async () => {
    const { traceId, spanId, traceparent } = parentOf('c');
    const path = '/api/token-usage/distribution';
    await fetch(`http://${service.httpAddress}${path}?budget_id=${BUDGET}`, { headers: { traceparent } });
    expect(await spanOf(traceId, `GET ${path}`)).toMatchObject({
      parentSpanId: spanId,
      attributes: { 'http.route': path, 'http.response.status_code': 200 },
    });
  });

  it('takes what is not a traceparent for none, and leaves out what its caller does not sample', async () => {
    const unsampled = parentOf('d', '00');
    await acquire('unsampled', unsampled.traceparent);
    await acquire('confused', '00-zz-yy-01');
    const other = parentOf('e');
    await acquire('last', other.traceparent);
    await spanOf(other.traceId, 'batch');
    expect(spansOf(unsampled.traceId)).toEqual([]);
    const line = await lineOfGrant('unsampled');
    expect(line['trace_id']).toBe(unsampled.traceId);
  });

  it('makes no traces of probes and scrapes', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics'])
      await fetch(`http://${service.httpAddress}${path}`);
    const other = parentOf('f');
    await acquire('after-the-probes', other.traceparent);
    await spanOf(other.traceId, 'budgetarbiter.v1.BudgetService/AcquireSlot');
    const names = new Set(receiver.spans.map(({ name }) => name));
    expect([...names].filter((name) => /healthz|readyz|metrics|Health|list/.test(name))).toEqual([]);
  });
});

function isBatch({ name }: ReceivedSpan): boolean {
  return name === 'batch';
}

it('a collector that is away is told once, and keeps nothing from being served', async () => {
  const env = { ...QUICK, LOG_LEVEL: 'info', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
  const service = await startService({ env });
  const clients = new LoadedClients(service.grpcAddress);
  try {
    for (let call = 0; call < 5; call += 1) {
      await clients.call('GetAvailability', { budget_id: 'anthropic', ai_id: 'a' });
    }
    const complaints = () => service.logs.filter(({ msg }) => /traces cannot be sent/.test(String(msg)));
    await untilTrue('the line', () => complaints().length > 0);
    expect(complaints()).toHaveLength(1);
    expect(complaints()[0]).toMatchObject({
      level: 'warn',
      reason: expect.stringMatching(/^connect ECONNREFUSED/),
    });
  } finally {
    clients.close();
    expect(await service.stop()).toBe(0);
  }
});

it('without the packages that send traces the start fails, in one line that says what to do', async () => {
  const missing = `
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(\`
      export async function resolve(name, context, next) {
        if (!name.startsWith('@opentelemetry/sdk')) return next(name, context);
        throw Object.assign(new Error('not here'), { code: 'ERR_MODULE_NOT_FOUND' });
      }\`));`;
  const { code, stderr } = await failedStart({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(missing)}`,
  });
  expect(stderr).toMatch(
    /^budget-arbiter: OTEL_EXPORTER_OTLP_ENDPOINT is set, but .* not installed: [^\n]+\n$/,
  );
  expect(code).toBe(1);
});
