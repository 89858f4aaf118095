import type { ServerResponse } from 'node:http';
import { PERMISSIONS } from '../access/permissions.js';
import { unlessRefused } from '../api/failures/request-error.js';
import { Checks } from '../api/read/checks.js';
import { checkSpan } from '../api/read/list-requests.js';
import type { ExportQuery, UsageExport } from '../arbiter/service-port.js';
import type { Refused } from '../domain/model/outcomes.js';
import {
  EXPORT_FORMATS,
  type ExportFormat,
  exportHead,
  exportLine,
  exportName,
} from '../domain/statistics/usage-lines.js';
import type { Endpoint } from './endpoint.js';
import { readQuery } from './query.js';
import { Stream } from './response.js';

export type ExportUsage = (budgetId: string, query: ExportQuery) => Promise<UsageExport | Refused>;

const PARAMETERS = ['budget_id', 'from_day', 'to_day', 'format'];
const TYPES: { readonly [F in ExportFormat]: string } = {
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/jsonl; charset=utf-8',
};

/**
 * `GET /api/token-usage/export?budget_id=&from_day=&to_day=&format=csv`: usage by day, AI, model and team as a file, written as it is
 * read. For whoever may call `ListUsage`; a page of the dashboard links to it.
 */
export function usageExportEndpoint(defaultBudget: string, exportUsage: ExportUsage): Endpoint {
  return {
    path: '/api/token-usage/export',
    methods: ['GET'],
    access: PERMISSIONS.BudgetAdminService.listUsage,
    cookie: 'reading',
    answer: async ({ query, maySee }) => {
      const { budgetId, format, span } = readExportQuery(query, defaultBudget);
      maySee(budgetId);
      const exported = unlessRefused(await exportUsage(budgetId, span));
      const { fromDay, toDay } = exported;
      const name = exportName(budgetId, fromDay, toDay, format);
      return {
        status: 200,
        headers: { 'content-disposition': `attachment; filename="${name}"` },
        body: new Stream(TYPES[format], (response) => void write(response, format, exported)),
      };
    },
  };
}

function readExportQuery(query: URLSearchParams, defaultBudget: string) {
  const read = readQuery(query, PARAMETERS);
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', read.get('budget_id') ?? defaultBudget);
  const [fromDay, toDay] = [read.get('from_day'), read.get('to_day')];
  checkSpan(checks, fromDay, toDay);
  const asked = read.get('format') ?? 'csv';
  const format = EXPORT_FORMATS.find((known) => known === asked);
  if (format === undefined) checks.fail('format', `must be ${EXPORT_FORMATS.join(' or ')}`);
  checks.done();
  const span = { ...(fromDay !== undefined && { fromDay }), ...(toDay !== undefined && { toDay }) };
  return { budgetId, format: format ?? 'csv', span };
}

/** No faster than the client takes it. What goes wrong now cannot be told but by cutting the connection: half a file is none. */
async function write(response: ServerResponse, format: ExportFormat, { rows }: UsageExport): Promise<void> {
  try {
    response.write(exportHead(format));
    for await (const row of rows) {
      if (response.destroyed) return;
      if (!response.write(exportLine(format, row))) await taken(response);
    }
    response.end();
  } catch {
    response.destroy();
  }
}

/** Until there is room again, or nobody left. */
function taken(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
