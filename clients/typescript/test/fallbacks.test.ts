import { type Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import {
  type AcquireSlotRequest,
  AcquireSlotResponse,
  BudgetServiceService,
  ReleaseResponse,
  type SessionRequest,
  SessionResponse,
} from '../src/gen/budgetarbiter/v1/budget_service.js';
import { BudgetClient, type BudgetClientOptions } from '../src/index.js';

/** As much of a service as these tests need: it grants at once, or when it is told. */
class ScriptedService {
  readonly asked: {
    readonly how: 'session' | 'unary';
    readonly request: AcquireSlotRequest;
    readonly metadata: Metadata;
  }[] = [];
  readonly waiting: (() => void)[] = [];
  released = 0;
  /** It answers, but has no store. */
  isAway = false;
  private readonly server = new Server();

  private constructor(sessions: number | 'served') {
    this.server.addService(BudgetServiceService, {
      acquireSlot: (
        { request, metadata }: never,
        answer: (error: null, response: AcquireSlotResponse) => void,
      ) => {
        this.grant('unary', request, metadata, (response) => answer(null, response));
      },
      release: (_: unknown, answer: (error: null, response: ReleaseResponse) => void) => {
        this.released += 1;
        answer(null, ReleaseResponse.fromPartial({}));
      },
      session: (call: Stream) => {
        if (sessions === 'served') this.serve(call);
        else call.emit('error', { code: sessions, details: 'no sessions here' });
      },
    } as never);
  }

  static async start(sessions: number | 'served'): Promise<ScriptedService & { readonly address: string }> {
    const service = new ScriptedService(sessions);
    const port = await new Promise<number>((resolve, reject) => {
      const done = (error: Error | null, bound: number): void => (error ? reject(error) : resolve(bound));
      service.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), done);
    });
    return Object.assign(service, { address: `127.0.0.1:${port}` });
  }

  stop(): void {
    this.server.forceShutdown();
  }

  private serve(call: Stream): void {
    call.on('data', ({ tag, call: asked }: SessionRequest) => {
      const answer = (value: SessionResponse['answer']) =>
        call.write(SessionResponse.fromPartial({ tag, answer: value as never }));
      if (asked?.$case === 'open') answer({ $case: 'opened', value: { sessionId: 'session', leases: [] } });
      if (asked?.$case === 'acquire' && this.isAway) {
        answer({ $case: 'failed', value: { code: status.UNAVAILABLE, message: 'no store', details: [] } });
      } else if (asked?.$case === 'acquire') {
        this.grant('session', asked.value, call.metadata, (value) => answer({ $case: 'acquired', value }));
      }
      if (asked?.$case === 'release') answer({ $case: 'released', value: ReleaseResponse.fromPartial({}) });
    });
    call.on('end', () => call.end());
  }

  private grant(
    how: 'session' | 'unary',
    request: AcquireSlotRequest,
    metadata: Metadata,
    answer: (response: AcquireSlotResponse) => void,
  ): void {
    this.asked.push({ how, request, metadata });
    const lease = { leaseId: `lease-${this.asked.length}`, expiresIn: { seconds: 60, nanos: 0 } };
    const grant = () =>
      answer(AcquireSlotResponse.fromPartial({ outcome: { $case: 'granted', value: { lease } } }));
    if (request.wait === undefined) grant();
    else this.waiting.push(grant);
  }
}

interface Stream {
  readonly metadata: Metadata;
  on(event: string, listener: (value: never) => void): void;
  emit(event: string, error: object): void;
  write(response: SessionResponse): void;
  end(): void;
}

const started: (ScriptedService | BudgetClient)[] = [];
afterEach(async () => {
  for (const each of started.splice(0)) await (each instanceof BudgetClient ? each.close(1) : each.stop());
});
async function begin(sessions: number | 'served', options: BudgetClientOptions = {}) {
  const service = await ScriptedService.start(sessions);
  const client = new BudgetClient({
    address: service.address,
    budget: 'anthropic',
    ai: 'guardian',
    wait: 0,
    ...options,
  });
  started.push(client, service);
  return { service, client };
}
const unused = (slot: { unused(): void }) => slot.unused();

it.each([
  ['knows no sessions', status.UNIMPLEMENTED],
  ['wants an AI for each', status.INVALID_ARGUMENT],
  ['has no room for one', status.RESOURCE_EXHAUSTED],
])('calls a service by unary calls that %s', async (_, code) => {
  const { service, client } = await begin(code);
  for (let n = 0; n < 2; n += 1) await client.withSlot({}, unused);
  await client.flush();
  expect(service.asked.map(({ how }) => how)).toEqual(['unary', 'unary']);
  expect(service.released).toBe(2);
});

it.each(['session', 'unary'] as const)(
  'says with each call by %s what it is about, and who calls',
  async (transport) => {
    const { service, client } = await begin('served', {
      transport,
      token: 'secret',
      metadata: { tenant: 'lab' },
      labels: { app: 'x' },
    });
    await client.withSlot(
      { model: 'model-a', labels: { job: 'y' }, estimate: { input: 10.2, output: 5 }, atLeast: 3 },
      unused,
    );
    const [{ metadata, request } = {}] = service.asked;
    expect(metadata?.getMap()).toMatchObject({
      'budget-id': 'anthropic',
      authorization: 'Bearer secret',
      tenant: 'lab',
    });
    expect(request).toMatchObject({
      ...{ budgetId: 'anthropic', aiId: 'guardian', model: 'model-a', atLeastTokens: 3 },
      ...{ labels: { app: 'x', job: 'y' }, expected: { inputTokens: 11, outputTokens: 5 } },
    });
  },
);

it('keeps at most 50 waits of one AI in the service, and serves the others in their order', async () => {
  const { service, client } = await begin('served', { wait: 10 });
  const order: number[] = [];
  const calls = Array.from({ length: 70 }, async (_, at) => {
    await client.withSlot({ ai: 'busy' }, (slot) => {
      order.push(at);
      slot.unused();
    });
  });
  const other = client.withSlot({ ai: 'other' }, unused);
  await expect.poll(() => service.waiting.length).toBe(51);
  service.waiting.pop()?.();
  await other;
  for (let granted = 0; granted < 70; granted += 1) {
    await expect.poll(() => service.waiting.length).toBe(Math.min(50, 70 - granted));
    service.waiting.shift()?.();
  }
  await Promise.all(calls);
  expect(order).toEqual(Array.from({ length: 70 }, (_, at) => at));
});

it('moves on to the next replica from one that is unavailable, and lets its slots be', async () => {
  const services = [await ScriptedService.start('served'), await ScriptedService.start('served')];
  const address = services.map((service) => service.address);
  const client = new BudgetClient({ address, budget: 'anthropic', ai: 'guardian', wait: 0 });
  started.push(client, ...services);
  const slot = await client.acquire();
  const home = services.find(({ asked }) => asked.length > 0);
  const other = services.find(({ asked }) => asked.length === 0);
  if (home !== undefined) home.isAway = true;
  for (let n = 0; n < 3; n += 1) await client.withSlot({}, unused);
  expect([home?.asked.length, other?.asked.length]).toEqual([1, 3]);
  expect(slot.lost.aborted).toBe(false);
  slot.unused();
  await slot.end();
});

it('refuses what cannot be sent, and lets the session be', async () => {
  const told: string[] = [];
  const onUnsettled = (_: unknown, error: Error) => void told.push(error.message);
  const { service, client } = await begin('served', { onUnsettled });
  const slot = await client.acquire();
  await client.withSlot({}, (other) => void other.report({ input: 1 }, { calls: 1.5 }));
  await client.flush();
  expect(told).toEqual([expect.stringContaining('the request cannot be sent')]);
  for (const wrong of [{ estimate: Number.NaN }, { atLeast: Number.POSITIVE_INFINITY }]) {
    await expect(client.acquire(wrong)).rejects.toThrow('must be a number of tokens');
  }
  await client.withSlot({ estimate: 1e300, atLeast: 2.5 }, (other) => {
    other.report({ input: Number.POSITIVE_INFINITY, output: Number.NaN });
  });
  expect(slot.lost.aborted).toBe(false);
  slot.unused();
  await slot.end();
  expect(await client.flush()).toBe(true);
  expect(service.asked.map(({ request }) => request.atLeastTokens)).toEqual([undefined, undefined, 3]);
});
