import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BudgetAdminServiceService } from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { BudgetServiceService } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { errorOf, LoadedClients } from '../support/loaded-client.js';
import { ROOMY_MESSAGE } from '../support/policies.js';
import { randomBytes } from '../support/random-bytes.js';
import { randomFrom } from '../support/seed.js';
import { type Service, startService } from '../support/service.js';

const BUDGET = 'guarded';
const AI = { budget_id: BUDGET, ai_id: 'guardian' };
const USAGE = { usage_id: 'u', tokens: { total_tokens: 1 } };
const BEYOND_SAFE = '9007199254740993';
const LARGEST = '9223372036854775807';
const NEVER: readonly number[] = [status.INTERNAL, status.UNKNOWN];

type Row = readonly [method: string, request: object, field: string];

const onBudget: Row[] = [
  ...['', 'x'.repeat(64), 'a\u0000b', 'UPPER', '../etc', '모델'].map(
    (budget_id): Row => ['AcquireSlot', { ...AI, budget_id }, 'budget_id'],
  ),
  ...['', 'x'.repeat(129), 'a b', 'a\u0007'].map((ai_id): Row => ['AcquireSlot', { ...AI, ai_id }, 'ai_id']),
  ...['', 'x'.repeat(129), 'a\n'].map((id): Row => ['AcquireSlot', { ...AI, request_id: id }, 'request_id']),
  ...[0, -1, 1e12 + 1, BEYOND_SAFE, LARGEST, `-${LARGEST}`].map(
    (tokens): Row => ['AcquireSlot', { ...AI, estimated_tokens: tokens }, 'estimated_tokens'],
  ),
  ...[{ seconds: -1 }, { seconds: 0 }, { seconds: LARGEST }, { nanos: -1 }, { nanos: 2_000_000_000 }].map(
    (ttl): Row => ['AcquireSlot', { ...AI, lease_ttl: ttl }, 'lease_ttl'],
  ),
  ['AcquireSlot', { ...AI, wait: { seconds: 1e9 } }, 'wait'],
  ['AcquireSlot', { ...AI, labels: { k: 'v'.repeat(65) } }, 'labels["k"]'],
  ['RenewSlot', { lease_id: '' }, 'lease_id'],
  ['RenewSlot', { lease_id: 'x'.repeat(161) }, 'lease_id'],
  ['RecordUsage', { usage: USAGE }, 'subject'],
  ['RecordUsage', { unleased: AI }, 'usage'],
  ['RecordUsage', { unleased: AI, usage: { ...USAGE, usage_id: '' } }, 'usage.usage_id'],
  ...[-1, BEYOND_SAFE, LARGEST].map(
    (n): Row => [
      'RecordUsage',
      { unleased: AI, usage: { ...USAGE, tokens: { input_tokens: n } } },
      'usage.tokens.input_tokens',
    ],
  ),
  ['RecordUsage', { unleased: AI, usage: { ...USAGE, model: 'm'.repeat(129) } }, 'usage.model'],
  ['Release', { lease_id: 'a\tb' }, 'lease_id'],
  ['GetLease', {}, 'key'],
  ['GetAvailability', { ...AI, estimated_tokens: 0 }, 'estimated_tokens'],
  ['GetDistribution', { budget_id: BUDGET, month: '2026-13' }, 'month'],
];

const put = (policy: object, field: string): Row => [
  'CreateBudget',
  { budget_id: BUDGET, policy },
  `policy.${field}`,
];

const onAdmin: Row[] = [
  put({ monthly_limit: 0 }, 'monthly_limit'),
  put({ monthly_limit: BEYOND_SAFE }, 'monthly_limit'),
  put({ enforced_percent: Number.NaN }, 'enforced_percent'),
  put({ max_daily_percent: Number.POSITIVE_INFINITY }, 'max_daily_percent'),
  put({ pacing: 77 }, 'pacing'),
  put({ mode: -1 }, 'mode'),
  put({ on_expiry: 2_000_000_000 }, 'on_expiry'),
  put({ cooldown: { seconds: LARGEST } }, 'cooldown'),
  put({ time_zone: 'Moon/Base' }, 'time_zone'),
  put({ max_concurrent: 1_001 }, 'max_concurrent'),
  ['AdjustUsage', { budget_id: BUDGET, adjustment_id: 'a', tokens: 0, reason: 'r' }, 'tokens'],
  ['AdjustUsage', { budget_id: BUDGET, adjustment_id: 'a', tokens: `-${LARGEST}`, reason: 'r' }, 'tokens'],
  ['AdjustUsage', { budget_id: BUDGET, adjustment_id: 'a', tokens: 1, reason: '' }, 'reason'],
  [
    'AdjustUsage',
    { budget_id: BUDGET, adjustment_id: 'a', tokens: 1, reason: 'r', day: '2999-01-01' },
    'day',
  ],
  ['ListUsage', { budget_id: BUDGET, group_by: 99 }, 'group_by'],
  ['ListLeases', { budget_id: BUDGET, page_size: -1 }, 'page_size'],
  ['ListBudgets', { page_token: '\u0000' }, 'page_token'],
  ['PauseBudget', { budget_id: BUDGET, reason: 'r'.repeat(257) }, 'reason'],
];

describe('bad input', () => {
  let service: Service;
  let clients: LoadedClients;
  let raw: Client;
  let etag: string;
  beforeAll(async () => {
    service = await startService();
    clients = new LoadedClients(service.grpcAddress);
    raw = new Client(service.grpcAddress, credentials.createInsecure());
    await clients.admin('CreateBudget', { budget_id: BUDGET, policy: ROOMY_MESSAGE });
    etag = await readEtag();
  });
  afterAll(async () => {
    clients?.close();
    raw?.close();
    expect(await service?.stop()).toBe(0);
  });

  const readEtag = async () =>
    (await clients.admin<{ budget: { etag: string } }>('GetBudget', { budget_id: BUDGET })).budget.etag;

  const send = (path: string, bytes: Uint8Array, metadata = new Metadata()): Promise<ServiceError | null> =>
    new Promise((resolve) => {
      const asIs = (value: Buffer) => value;
      raw.makeUnaryRequest(path, asIs, asIs, Buffer.from(bytes), metadata, (error) => resolve(error));
    });

  it.each([...onBudget, ...onAdmin])('%s refuses %j and names %s', async (method, request, field) => {
    const call = onBudget.some(([name]) => name === method)
      ? clients.call(method, request)
      : clients.admin(method, request);
    const { code, message, details } = await errorOf(call);
    expect({ code, message }).toEqual({
      code: status.INVALID_ARGUMENT,
      message: expect.stringContaining(field),
    });
    expect(details).toMatchObject({ BadRequest: { field_violations: [{ field }] } });
  });

  const PATHS = [BudgetServiceService, BudgetAdminServiceService]
    .flatMap((methods) => Object.values(methods))
    .filter(({ responseStream }) => !responseStream)
    .map(({ path }) => path);

  it.each(PATHS)('%s takes any bytes', async (path) => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = randomFrom(seed);
    for (let round = 0; round < 50; round += 1) {
      const bytes = randomBytes(random);
      const error = await send(path, bytes);
      const what = `seed ${seed}, round ${round}: ${Buffer.from(bytes).toString('hex')}: ${error?.message}`;
      expect(NEVER, what).not.toContain(error?.code);
    }
  });

  it('takes any metadata that a client can send', async () => {
    const metadata = new Metadata();
    metadata.set('authorization', 'Bearer ~~~, Basic !!!');
    metadata.set('traceparent', '00-not-a-trace');
    metadata.set('grpc-accept-encoding', 'nonsense, identity');
    metadata.set('x-garbage-bin', Buffer.from([0, 255, 10, 13]));
    for (let index = 0; index < 20; index += 1) metadata.set(`x-${index}`, '~!@#$%^&*()'.repeat(10));
    const error = await send(BudgetServiceService.getDistribution.path, Buffer.alloc(0), metadata);
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
  });

  it('refuses a message that is too large', async () => {
    const error = await send(BudgetServiceService.acquireSlot.path, Buffer.alloc(5_000_000, 65));
    expect(error?.code).toBe(status.RESOURCE_EXHAUSTED);
  });

  it('refuses bad addresses over HTTP, in JSON', async () => {
    const base = `http://${service.httpAddress}`;
    for (const [path, code] of [
      ['/api/token-usage/distribution?budget_id=A%00B', 400],
      ['/api/token-usage/distribution?month=2026-99', 400],
      ['/api/token-usage/distribution?budget_id=%E0%A4%A', 400],
      ['/nowhere', 404],
    ] as const) {
      const response = await fetch(base + path);
      expect({ path, code: response.status }).toEqual({ path, code });
      expect(await response.json()).toHaveProperty('error');
    }
  });

  it('changed nothing, and the service serves', async () => {
    expect(await readEtag()).toBe(etag);
    expect(await clients.call('GetDistribution', { budget_id: BUDGET })).toMatchObject({
      distribution_stats: { monthly_distribution: { total_tokens: 0 } },
    });
    expect(service.logs.filter(({ level }) => level === 'error')).toEqual([]);
    expect((await fetch(`http://${service.httpAddress}/readyz`)).status).toBe(200);
  });
});
