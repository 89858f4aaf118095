import { type DescMessage, type JsonObject, ScalarType } from '@bufbuild/protobuf';
import { jsonOfBytes } from '../../api/codec/json-of-bytes.js';
import type { Endpoint, HttpCall } from '../endpoint.js';
import { failureResponse } from '../error-responses.js';
import { readQuery } from '../query.js';
import type { HttpResponse } from '../response.js';
import { HttpCaller } from './http-caller.js';
import { bytesOfJson } from './json-message.js';
import type { UnaryRpc } from './unary-rpc.js';

const ADMIN = '/budgetarbiter.v1.BudgetAdminService';

/** A page that reads: its path, and the method that answers it. */
export interface Read {
  readonly path: string;
  readonly rpc: string;
}

/** Each list by the budget it belongs to, and once more with the budget as a parameter, `DEFAULT_BUDGET` without it. */
export const READS: readonly Read[] = [
  { path: '/api/v1/budgets', rpc: `${ADMIN}/ListBudgets` },
  { path: '/api/v1/budgets/{budget_id}', rpc: `${ADMIN}/GetBudget` },
  ...['/api/v1/budgets/{budget_id}', '/api/v1'].flatMap((under) => [
    { path: `${under}/distribution`, rpc: '/budgetarbiter.v1.BudgetService/GetDistribution' },
    { path: `${under}/leases`, rpc: `${ADMIN}/ListLeases` },
    { path: `${under}/usage`, rpc: `${ADMIN}/ListUsage` },
    { path: `${under}/denials`, rpc: `${ADMIN}/ListDenials` },
    { path: `${under}/top-ups`, rpc: `${ADMIN}/ListTopUps` },
    { path: `${under}/changes`, rpc: `${ADMIN}/ListChanges` },
  ]),
];

const BUDGET_ID = 'budget_id';
/** Its place between the slashes of a path that has one. */
const BUDGET_PART = 4;

export function readEndpoints(rpcs: readonly UnaryRpc[], defaultBudget: string): Endpoint[] {
  return READS.map(({ path, rpc: rpcPath }) => {
    const rpc = rpcs.find((candidate) => candidate.path === rpcPath);
    if (rpc === undefined) throw new Error(`there is no method ${rpcPath} for ${path}`);
    return {
      path,
      methods: ['GET'],
      access: rpc.rule,
      answer: (call) => rpc.observed(() => answerOf(rpc, path, call, defaultBudget)),
      failed: (error) => failureResponse(rpc.failure(error)),
    };
  });
}

async function answerOf(
  rpc: UnaryRpc,
  path: string,
  call: HttpCall,
  defaultBudget: string,
): Promise<HttpResponse> {
  const request = bytesOfJson(rpc.input, requestOf(rpc.input, path, call, defaultBudget));
  const caller = new HttpCaller(call.request.socket);
  try {
    const answer = await rpc.answer(request, call.principal, caller);
    return { status: 200, body: jsonOfBytes(rpc.output, answer) };
  } finally {
    caller.answered();
  }
}

function requestOf(
  type: DescMessage,
  path: string,
  { path: asked, query }: HttpCall,
  defaultBudget: string,
): JsonObject {
  const inPath = path.includes(`{${BUDGET_ID}}`);
  const parameters = parametersOf(type, inPath);
  const request: JsonObject = {};
  const names = parameters.map(({ name }) => name);
  for (const [name, value] of readQuery(query, names)) {
    const field = parameters.find((parameter) => parameter.name === name);
    const isFlag = field?.scalar === ScalarType.BOOL && (value === 'true' || value === 'false');
    request[name] = field?.fieldKind === 'list' ? value.split(',') : isFlag ? value === 'true' : value;
  }
  if (inPath) request[BUDGET_ID] = decoded(asked.split('/')[BUDGET_PART] ?? '');
  else if (type.fields.some(({ name }) => name === BUDGET_ID)) request[BUDGET_ID] ??= defaultBudget;
  return request;
}

/** The fields of a request that a query names. */
export function parametersOf(type: DescMessage, budgetInPath: boolean): DescMessage['fields'] {
  return type.fields.filter(({ name }) => !budgetInPath || name !== BUDGET_ID);
}

/** What cannot be decoded is no budget's id, and is refused as such. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
