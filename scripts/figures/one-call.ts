import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as passed } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { BudgetAdminServiceService } from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import {
  BudgetServiceClient,
  type SessionRequest,
  type SessionResponse,
} from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { type Service, startService } from '../../test/support/service.js';

/** What one call runs through in the built service, counted by V8. */
export interface Way {
  readonly call: string;
  readonly files: number;
  readonly functions: number;
}

const BUDGET = 'anthropic';

/** Each call once before, so that what is loaded or made at first use does not count. */
export async function waysOfCalls(): Promise<Way[]> {
  const folder = mkdtempSync(join(tmpdir(), 'figures-'));
  const to = join(folder, 'ran.json');
  const preload = pathToFileURL(join(import.meta.dirname, 'count-calls.mjs')).href;
  const service = await startService({ env: { COVERAGE_TO: to, NODE_OPTIONS: `--import ${preload}` } });
  const client = new BudgetServiceClient(service.grpcAddress, credentials.createInsecure());
  try {
    const session = new OpenSession(client);
    await session.ask({ $case: 'open', value: { budgetId: BUDGET, aiId: 'c', otherBudgetIds: [] } });
    const pause = await pageThatPauses(service);
    const counted = (call: string, ask: (id: string) => Promise<unknown>) => count(service, to, call, ask);
    return [
      await counted('AcquireSlot', (id) => acquire(client, id)),
      await counted('RecordUsage in a session', (id) => session.ask(report(id))),
      await counted('a pause by the dashboard', pause),
    ];
  } finally {
    client.close();
    await service.stop();
    rmSync(folder, { recursive: true });
  }
}

async function count(
  service: Service,
  to: string,
  call: string,
  ask: (id: string) => Promise<unknown>,
): Promise<Way> {
  await ask('warm');
  // What the service does by itself after a call must be over.
  await passed(300);
  process.kill(service.pid, 'SIGUSR2');
  await until(() => existsSync(`${to}.begun`));
  await ask('counted');
  process.kill(service.pid, 'SIGUSR2');
  await until(() => existsSync(to) && readFileSync(to, 'utf8').endsWith(']'));
  const ran = JSON.parse(readFileSync(to, 'utf8')) as { functions: number }[];
  for (const file of [to, `${to}.begun`]) rmSync(file);
  return { call, files: ran.length, functions: ran.reduce((sum, { functions }) => sum + functions, 0) };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await passed(5);
}

function acquire(client: BudgetServiceClient, aiId: string): Promise<unknown> {
  const request = { budgetId: BUDGET, aiId, estimatedTokens: 10, labels: {} };
  return new Promise((resolve, reject) =>
    client.acquireSlot(request, (error, answer) => (error === null ? resolve(answer) : reject(error))),
  );
}

function report(usageId: string): SessionRequest['call'] {
  const tokens = {
    inputTokens: 1,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    totalTokens: 0,
  };
  const usage = { usageId, tokens, model: 'm', requestType: '', failed: false, errorMessage: '' };
  return {
    $case: 'record',
    value: { subject: { $case: 'unleased', value: { budgetId: BUDGET, aiId: 'c' } }, usage },
  };
}

class OpenSession {
  readonly #stream: ClientDuplexStream<SessionRequest, SessionResponse>;
  #tag = 0;

  constructor(client: BudgetServiceClient) {
    this.#stream = client.session();
  }

  ask(call: SessionRequest['call']): Promise<unknown> {
    this.#tag += 1;
    this.#stream.write({ tag: this.#tag, call });
    return new Promise((resolve, reject) => this.#stream.once('data', resolve).once('error', reject));
  }
}

/** A page that is open: what it learnt when it was loaded does not count. */
async function pageThatPauses({ httpAddress }: Service): Promise<(reason: string) => Promise<void>> {
  const origin = `http://${httpAddress}`;
  const session = (await (await fetch(`${origin}/dashboard/session`)).json()) as { csrf: string };
  const headers = { 'content-type': 'application/json', 'x-csrf-token': session.csrf, origin };
  const url = origin + BudgetAdminServiceService.pauseBudget.path;
  return async (reason) => {
    const body = JSON.stringify({ budgetId: BUDGET, reason });
    const answer = await fetch(url, { method: 'POST', headers, body });
    if (!answer.ok) throw new Error(`the pause was answered ${answer.status}: ${await answer.text()}`);
  };
}
