import type { Access } from '../../src/access/access.js';
import type { HttpObserver } from '../../src/api/observers.js';
import type { Dashboard } from '../../src/http/dashboard/dashboard.js';
import type { GetDistribution } from '../../src/http/distribution-route.js';
import type { Endpoint } from '../../src/http/endpoint.js';
import type { HttpLimits } from '../../src/http/http-limits.js';
import type { MetricsPage } from '../../src/http/metrics-endpoint.js';
import { createHttpServer, type HttpServer } from '../../src/http/server.js';
import type { ExportUsage } from '../../src/http/usage-export-route.js';
import type { TlsFiles } from '../../src/platform/tls-files.js';
import { collectedLog } from './collected-log.js';
import { EXAMPLE_STATS } from './samples.js';

export const DISTRIBUTION = '/api/token-usage/distribution';
const running: HttpServer[] = [];

export interface SetUp {
  readonly getDistribution?: GetDistribution;
  readonly exportUsage?: ExportUsage;
  readonly ready?: () => boolean;
  readonly port?: number;
  readonly access?: Access;
  readonly tls?: TlsFiles;
  readonly rpcs?: readonly Endpoint[];
  readonly limits?: Partial<HttpLimits>;
  readonly metrics?: MetricsPage;
  readonly observer?: HttpObserver;
  readonly dashboard?: Dashboard;
}

/** A server that is not started yet. */
export function createServer({ getDistribution, ready = () => true, port = 0, ...more }: SetUp = {}) {
  const log = collectedLog();
  const asked: unknown[] = [];
  const server = createHttpServer({
    address: { host: '127.0.0.1', port, text: `127.0.0.1:${port}` },
    defaultBudget: 'anthropic',
    getDistribution:
      getDistribution ??
      (async (budgetId, query) => {
        asked.push([budgetId, query]);
        return { stats: EXAMPLE_STATS };
      }),
    ready,
    ids: { nonce: () => 'nonce-1' },
    ...{ log, ...more },
  });
  running.push(server);
  return { server, log, asked };
}

/** A server on a port that the system chose. */
export async function startServer(options: SetUp = {}) {
  const created = createServer(options);
  const port = await created.server.start();
  return { ...created, port, url: `http://127.0.0.1:${port}` };
}

/** For `afterEach`. */
export async function stopServers(): Promise<void> {
  await Promise.all(running.splice(0).map((server) => server.stop(0)));
}
