import { descriptors } from '../api/codec/descriptors.js';
import { jsonOfBytes } from '../api/codec/json-of-bytes.js';
import { settingText } from '../config/config.js';
import type { Budget } from '../gen/budgetarbiter/v1/budget.js';
import type { DistributionStats } from '../gen/budgetarbiter/v1/budget_service.js';
import { PROCESS_TIME } from '../platform/clock.js';
import { type ConnectionOptions, connect, type Service } from './connect.js';
import type { Run } from './output.js';

/** What commands ask of a running service, over its API and no other way. */

const PAGE = 1_000;

/** Connects for as long as `act` takes. */
export async function asking<T>(
  run: Run,
  options: ConnectionOptions,
  act: (service: Service) => Promise<T>,
): Promise<T> {
  const service = connect(options, run.environment, PROCESS_TIME.wall);
  try {
    return await act(service);
  } finally {
    service.close();
  }
}

/** The budget that is named, or else the one that the environment names. */
export function budgetIdOf(run: Run, id: string | undefined): string {
  return id ?? settingText(run.environment, 'defaultBudget').text ?? '';
}

interface Page {
  readonly nextPageToken: string;
}

/** Every page of a list, one after the other. */
export async function* pages<P extends Page>(
  ask: (page: { readonly pageSize: number; readonly pageToken: string }) => Promise<P>,
): AsyncGenerator<P> {
  for (let pageToken = ''; ; ) {
    const page = await ask({ pageSize: PAGE, pageToken });
    yield page;
    pageToken = page.nextPageToken;
    if (pageToken === '') return;
  }
}

export async function allBudgets({ admin, call }: Service): Promise<Budget[]> {
  const found: Budget[] = [];
  for await (const { budgets } of pages((page) => call(admin.listBudgets.bind(admin), page)))
    found.push(...budgets);
  return found;
}

export async function oneBudget({ admin, call }: Service, budgetId: string): Promise<Budget> {
  const { budget } = await call(admin.getBudget.bind(admin), { budgetId });
  if (budget === undefined) throw new Error('a budget without itself');
  return budget;
}

export async function statsOf({ budgets, call }: Service, budgetId: string): Promise<DistributionStats> {
  const { distributionStats } = await call(budgets.getDistribution.bind(budgets), { budgetId });
  if (distributionStats === undefined) throw new Error('a distribution without figures');
  return distributionStats;
}

interface Codec<M> {
  readonly $type?: string;
  encode(message: M): { finish(): Uint8Array };
}

/** One line of canonical JSON, as the API's pages have it. `name` is that of the message in budgetarbiter.v1. */
export function jsonLine<M>(name: string, codec: Codec<M>, message: M): string {
  const type = descriptors().getMessage(`budgetarbiter.v1.${name}`);
  if (type === undefined) throw new Error(`there is no message ${name}: run npm run generate`);
  return `${JSON.stringify(jsonOfBytes(type, Buffer.from(codec.encode(message).finish())))}\n`;
}
