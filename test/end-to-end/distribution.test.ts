import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOMY_MESSAGE } from '../support/policies.js';
import type { AcquireAnswer, DistributionAnswer } from './support/messages.js';
import { describeOnEveryStore } from './support/places.js';
import { Replicas } from './support/replicas.js';
import { until } from './support/until.js';
import { byName, total, type UsageDocument, usageDocuments } from './support/usage-documents.js';

const BUDGET = 'distributed';
const MODELS = ['claude-sonnet-4', 'gpt-4.1', '$model.of%20many dots', '__proto__', 'モデル'];

type Stats = Record<string, unknown>;

/** Names and types of the JSON that readers were promised, as text: `a.b: number`. Fields beside them are free. */
const PROMISED = {
  monthly_distribution: {
    total_tokens: 'number',
    days_with_usage: 'number',
    avg_daily_usage: 'number',
    max_daily_usage: 'number',
    min_daily_usage: 'number',
    usage_spread_percentage: 'number',
    daily_usage_data: [{ date: 'string', tokens: 'number' }],
  },
  daily_distribution: {
    total_tokens: 'number',
    hours_with_usage: 'number',
    avg_hourly_usage: 'number',
    hourly_usage_data: [{ hour: 'string', tokens: 'number' }],
  },
  rate_limiting_status: {
    max_daily_percentage: 'number',
    max_hourly_percentage: 'number',
    min_daily_percentage: 'number',
    ai_cooldown_period: 'number',
    max_concurrent_requests: 'number',
    active_requests: 'number',
    last_ai_requests: { guardian: 'string' },
  },
};

describeOnEveryStore('the distribution', (place) => {
  let replicas: Replicas;
  beforeAll(async () => {
    replicas = await Replicas.start(place);
    const policy = { ...ROOMY_MESSAGE, max_concurrent: 10 };
    await replicas.clients().admin('CreateBudget', { budget_id: BUDGET, policy });
    await spend();
  });
  afterAll(() => replicas?.stop());

  /** Usage of every kind: on a lease, released, left to be presumed, unleased, late, and of an earlier day. */
  async function spend(): Promise<void> {
    const ask = async (ai_id: string) => {
      const request = { budget_id: BUDGET, ai_id, estimated_tokens: 5_000 };
      return (
        (await replicas.clients().call<AcquireAnswer>('AcquireSlot', request)).granted?.lease.lease_id ?? ''
      );
    };
    const usage = (model: string, total_tokens: number) => ({
      usage_id: `${model}-${total_tokens}`.replace(/[^\x21-\x7e]/gu, '_'),
      model,
      tokens: { total_tokens },
    });
    const [guardian, imperium, sandbox] = [
      await ask('guardian'),
      await ask('imperium'),
      await ask('sandbox'),
    ];
    for (const [index, model] of MODELS.entries()) {
      const calls = { calls: index + 1, failed: index === 2 };
      const request = { lease_id: guardian, usage: { ...usage(model, 100 + index), ...calls } };
      await replicas.clients(index).call('RecordUsage', request);
    }
    await replicas.clients().call('Release', { lease_id: guardian, usage: usage('claude-sonnet-4', 77) });
    await replicas.clients(1).admin('RevokeLease', { lease_id: imperium, reason: 'a test' });
    await replicas.clients().call('RecordUsage', { lease_id: imperium, usage: usage('late', 6_000) });
    await replicas.clients(1).admin('RevokeLease', { lease_id: sandbox, reason: 'a test' });
    const unleased = { budget_id: BUDGET, ai_id: '(x)$.y' };
    await replicas.clients(1).call('RecordUsage', { unleased, usage: usage('', 333) });
    const nothing = { ...usage('gpt-4.1', 0), failed: true };
    await replicas
      .clients()
      .call('RecordUsage', { unleased: { ...unleased, ai_id: 'failing' }, usage: nothing });
    await ask('conquest');
    for (const day of [isoDay(0), isoDay(-1), isoDay(-2)]) {
      const request = { budget_id: BUDGET, adjustment_id: day, tokens: 4_321, reason: 'a test', day };
      await replicas.clients().admin('AdjustUsage', request);
    }
  }

  const grpc = async (query: object, replica = 0) => {
    const request = { budget_id: BUDGET, ...query };
    return (await replicas.clients(replica).call<DistributionAnswer>('GetDistribution', request))
      .distribution_stats;
  };
  const http = async (query: string, replica = 0): Promise<Stats> => {
    const url = `http://${replicas.replica(replica).service.httpAddress}/api/token-usage/distribution?budget_id=${BUDGET}${query}`;
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    return ((await response.json()) as { distribution_stats: Stats }).distribution_stats;
  };

  it('has over HTTP the names and types that were promised', async () => {
    expect(await http('')).toMatchObject(typesIn(PROMISED) as object);
    const stats = await http('');
    const { daily_usage_data: days } = stats['monthly_distribution'] as {
      daily_usage_data: { date: string }[];
    };
    for (const { date } of days) expect(date).toMatch(/^\d{4}-\d\d-\d\d$/);
    const { hourly_usage_data: hours } = stats['daily_distribution'] as {
      hourly_usage_data: { hour: string }[];
    };
    for (const { hour } of hours) expect(hour).toMatch(/^\d{4}-\d\d-\d\d \d\d:00$/);
    expect(stats['rate_limiting_status']).toMatchObject({
      ai_cooldown_period: 0,
      max_concurrent_requests: 10,
      active_requests: 1,
      last_ai_requests: { conquest: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/) },
    });
  });

  it.each([0, -1, -2])(
    'is the same from HTTP and gRPC, through every replica (%i days from today)',
    async (offset) => {
      const day = isoDay(offset);
      const fromGrpc = comparable(await grpc({ day }));
      for (let replica = 0; replica < replicas.count; replica += 1) {
        expect(comparable(await http(`&day=${day}`, replica))).toEqual(fromGrpc);
        expect(comparable(await grpc({ day }, replica))).toEqual(fromGrpc);
      }
    },
  );

  it('counts each report once, by AI and model, what failed and what spent nothing too', async () => {
    const { calls, failed_calls, by_ai, by_model } = await grpc({});
    // Five reports of 1 to 5 calls, a release, one late, one without a lease, and one that failed without tokens.
    expect([calls, failed_calls]).toEqual([15 + 4, 3 + 1]);
    const ofAis = new Map(by_ai.map((row) => [row.ai_id, [row.calls, row.failed_calls]]));
    expect(Object.fromEntries(ofAis)).toMatchObject({
      ...{ guardian: [16, 3], imperium: [1, 0], '(x)$.y': [1, 0], failing: [1, 1] },
    });
    expect(total(by_model.map((row) => row.calls))).toBe(calls);
  });

  const sumOfDocuments = (): void =>
    it('is the sum of the usage documents', async () => {
      const months = new Set([isoDay(0), isoDay(-1), isoDay(-2)].map((day) => day.slice(0, 7)));
      for (const month of months) {
        const stats = await grpc({ month });
        const documents = await until('written out', async () => {
          const found = (await usageDocuments(place, BUDGET)).filter(({ day }) => day.startsWith(month));
          return total(found.map((day) => day.total)) === stats.monthly_distribution.total_tokens
            ? found
            : undefined;
        });
        expect(stats).toMatchObject({
          monthly_distribution: {
            daily_usage_data: documents.map(({ day, total: tokens }) => ({ date: day, tokens })),
          },
          presumed_tokens: total(documents.map(({ presumed }) => presumed)),
          late_tokens: total(documents.map(({ late }) => late)),
          calls: total(documents.map(({ calls = 0 }) => calls)),
          failed_calls: total(documents.map(({ failedCalls = 0 }) => failedCalls)),
        });
        expect(new Map(stats.by_ai.map(({ ai_id, tokens }) => [ai_id, tokens]))).toEqual(
          sums(documents, 'ais'),
        );
        expect(new Map(stats.by_model.map(({ model, tokens }) => [model, tokens]))).toEqual(
          sums(documents, 'models'),
        );
      }
    });
  if (place.mongo !== undefined) sumOfDocuments();

  it('names what does not exist', async () => {
    const { httpAddress } = replicas.replica(0).service;
    const base = `http://${httpAddress}/api/token-usage/distribution`;
    expect((await fetch(`${base}?budget_id=nowhere`)).status).toBe(404);
    expect((await fetch(`${base}?budget_id=`)).status).toBe(400);
    expect((await fetch(base)).status).toBe(200);
  });
});

function sums(documents: readonly UsageDocument[], field: 'ais' | 'models'): Map<string, number> {
  const sum = new Map<string, number>();
  for (const document of documents) {
    for (const [name, tokens] of byName(document[field])) sum.set(name, (sum.get(name) ?? 0) + tokens);
  }
  return sum;
}

/** What both say in the same words: enums, times and the forecast of this very moment are written differently. */
function comparable(stats: object): Stats {
  const { monthly_distribution, daily_distribution, rate_limiting_status, by_ai, by_model, ...rest } =
    JSON.parse(
      JSON.stringify(stats, (key, value) =>
        key === 'start' || key === 'last_ai_requests' ? undefined : value,
      ),
    ) as Stats;
  const { presumed_tokens, late_tokens, budget_id, month, time_zone, days_below_minimum } = rest;
  const { calls, failed_calls } = rest;
  return {
    ...{ monthly_distribution, daily_distribution, rate_limiting_status, by_ai, by_model },
    ...{ presumed_tokens, late_tokens, budget_id, month, time_zone, days_below_minimum, calls, failed_calls },
  };
}

function typesIn(shape: unknown): unknown {
  if (shape === 'number') return expect.any(Number);
  if (shape === 'string') return expect.any(String);
  if (Array.isArray(shape))
    return expect.arrayContaining([expect.objectContaining(typesIn(shape[0]) as object)]);
  return Object.fromEntries(Object.entries(shape as object).map(([name, part]) => [name, typesIn(part)]));
}

/** In UTC, so many days from today. */
function isoDay(offset: number): string {
  return new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
}
