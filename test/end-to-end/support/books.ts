import { expect } from 'vitest';
import type { LoadedClients } from '../../support/loaded-client.js';
import { type Load, modelOf } from './load.js';
import type { DistributionAnswer, LeasesAnswer, UsageAnswer } from './messages.js';
import type { Place } from './places.js';
import { until, untilTrue } from './until.js';
import { byName, total, usageDocuments } from './usage-documents.js';

/** Of every AI, what the budget has booked beside what is only presumed. */
async function reported(clients: LoadedClients, budgetId: string): Promise<Map<string, number>> {
  const { distribution_stats: stats } = await clients.call<DistributionAnswer>('GetDistribution', {
    budget_id: budgetId,
  });
  const models = new Map(stats.by_model.map(({ model, tokens }) => [model, tokens]));
  expect(total(models.values())).toBe(stats.monthly_distribution.total_tokens);
  expect(total(stats.by_ai.map(({ tokens }) => tokens))).toBe(stats.monthly_distribution.total_tokens);
  expect(models.get('(unknown)') ?? 0).toBe(stats.presumed_tokens);
  models.delete('(unknown)');
  return models;
}

/** Everything that was acknowledged is booked once, by whichever way one asks. */
export async function expectBooked(
  place: Place,
  clients: LoadedClients,
  budgetId: string,
  { acknowledged }: Load,
): Promise<void> {
  const wanted = new Map([...acknowledged].map(([aiId, tokens]) => [modelOf(aiId), tokens]));
  expect(await reported(clients, budgetId)).toEqual(wanted);

  const { rows } = await clients.admin<UsageAnswer>('ListUsage', { budget_id: budgetId });
  const booked = total(rows.map(({ tokens, presumed_tokens }) => tokens - presumed_tokens));
  expect(booked).toBe(total(acknowledged.values()));
  if (place.mongo === undefined) return;

  const documents = await until('the usage documents are written out', async () => {
    const found = await usageDocuments(place, budgetId);
    const written = total(found.map((document) => document.total - document.presumed));
    return written === booked ? found : undefined;
  });
  const models = new Map<string, number>();
  for (const document of documents) {
    for (const [model, tokens] of byName(document.models))
      models.set(model, (models.get(model) ?? 0) + tokens);
    expect(total(document.hours.map(({ tokens }) => tokens))).toBe(document.total);
    expect(total(Object.values(document.ais))).toBe(document.total);
  }
  models.delete('(unknown)');
  expect(models).toEqual(wanted);
}

/** No lease stays behind: each is released, or runs out. */
export async function untilNobodyHoldsASlot(clients: LoadedClients, budgetId: string): Promise<void> {
  await untilTrue('every slot comes back', async () => {
    const { leases } = await clients.admin<LeasesAnswer>('ListLeases', { budget_id: budgetId });
    return leases.length === 0;
  });
}
