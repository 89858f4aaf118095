import type { DescField, DescMethod } from '@bufbuild/protobuf';
import { descriptors, methodAt } from '../../src/api/codec/descriptors.js';
import { EXPORT_FORMATS } from '../../src/domain/statistics/usage-lines.js';
import { parametersOf, READS } from '../../src/http/connect/read-endpoints.js';
import { commentOf } from './comments.js';
import { ruleFor } from './field-rules.js';
import { enumSchema, isRequired, type Schema, type Schemas, scalarSchema } from './schemas.js';

const SERVICES = ['budgetarbiter.v1.BudgetService', 'budgetarbiter.v1.BudgetAdminService'];
const JSON_TYPE = 'application/json';

export function rpcPaths(schemas: Schemas): Record<string, Schema> {
  const methods = SERVICES.flatMap((name) => descriptors().getService(name)?.methods ?? []);
  const unary = methods.filter(({ methodKind }) => methodKind === 'unary');
  return Object.fromEntries(
    unary.map((method) => [`/${method.parent.typeName}/${method.name}`, { post: call(method, schemas) }]),
  );
}

function call(method: DescMethod, schemas: Schemas): Schema {
  return {
    ...operation(method, method.name, method.parent.name),
    requestBody: { required: true, content: content(schemas.ref(method.input, 'request')) },
    responses: {
      200: { description: commentOf(method.output), content: content(schemas.ref(method.output, 'answer')) },
      default: { $ref: '#/components/responses/CallFailed' },
    },
  };
}

export function readPaths(schemas: Schemas): Record<string, Schema> {
  return Object.fromEntries(
    READS.map(({ path, rpc }) => {
      const method = methodAt(rpc);
      const inPath = path.includes('{');
      const flat = path.startsWith('/api/v1/budgets') ? '' : 'OfDefaultBudget';
      const ok = {
        description: commentOf(method.output),
        content: content(schemas.ref(method.output, 'answer')),
      };
      const get = {
        ...operation(method, `read${method.name}${flat}`, 'Reading'),
        parameters: [
          ...(inPath ? [parameter(fieldNamed(method, 'budget_id'), 'path')] : []),
          ...parametersOf(method.input, inPath).map((field) => parameter(field, 'query')),
        ],
        responses: { 200: ok, default: { $ref: '#/components/responses/Failed' } },
      };
      return [path, { get }];
    }),
  );
}

/** The page that was there first, with the names and numbers of its own. */
export function distributionPath(schemas: Schemas): Record<string, Schema> {
  const method = methodAt('/budgetarbiter.v1.BudgetService/GetDistribution');
  const ok = { description: commentOf(method.output), content: content(schemas.ref(method.output, 'plain')) };
  const get = {
    ...operation(method, 'tokenUsageDistribution', 'Reading'),
    parameters: parametersOf(method.input, false).map((field) => parameter(field, 'query')),
    responses: { 200: ok, default: { $ref: '#/components/responses/Failed' } },
  };
  return { '/api/token-usage/distribution': { get } };
}

/** Usage as a file. */
export function exportPath(): Record<string, Schema> {
  const method = methodAt('/budgetarbiter.v1.BudgetAdminService/ListUsage');
  const named = ['budget_id', 'from_day', 'to_day'].map((name) =>
    parameter(fieldNamed(method, name), 'query'),
  );
  const format = {
    ...{
      name: 'format',
      in: 'query',
      required: false,
      schema: { enum: [...EXPORT_FORMATS], default: 'csv' },
    },
    description: 'A table, or a line of JSON for each row.',
  };
  const text = { schema: { type: 'string' } };
  const get = {
    ...{ operationId: 'tokenUsageExport', tags: ['Reading'], parameters: [...named, format] },
    summary: 'Usage by day, AI, model and team as a file.',
    description:
      'Usage by day, AI, model and team as a file, for whoever may call ListUsage. A file that breaks off is not whole.',
    responses: {
      200: {
        description: 'The file: budget, day, ai, model, team, tokens, calls, failed_calls, unit.',
        content: { 'text/csv': text, 'application/jsonl': text },
      },
      default: { $ref: '#/components/responses/Failed' },
    },
  };
  return { '/api/token-usage/export': { get } };
}

export function probePaths(): Record<string, Schema> {
  const status = { type: 'object', properties: { status: { type: 'string' } }, required: ['status'] };
  const probe = (operationId: string, summary: string) => ({
    get: {
      ...{ operationId, summary, tags: ['Probes'], security: [] },
      responses: {
        200: { description: 'Yes.', content: content(status) },
        default: { $ref: '#/components/responses/Failed' },
      },
    },
  });
  return {
    '/healthz': probe('alive', 'Is the process alive?'),
    '/readyz': probe('ready', 'Does its store answer?'),
  };
}

function operation(method: DescMethod, operationId: string, tag: string): Schema {
  const description = commentOf(method);
  const [summary = ''] = description.split(/(?<=\.)\s/);
  return { operationId, summary, description, tags: [tag] };
}

function parameter(field: DescField, place: 'path' | 'query'): Schema {
  const isList = field.fieldKind === 'list' && field.listKind === 'enum';
  const schema = isList
    ? {
        ...{ type: 'array', items: enumSchema(field.enum, 'answer'), maxItems: ruleFor(field).entries },
      }
    : field.fieldKind === 'enum'
      ? enumSchema(field.enum, 'answer')
      : field.fieldKind === 'scalar'
        ? scalarSchema(field.scalar, 'request', ruleFor(field).value)
        : {};
  const isBudget = field.name === 'budget_id';
  const description =
    isBudget && place === 'query' ? 'The budget. Absent: DEFAULT_BUDGET.' : commentOf(field);
  if (place === 'query' && !isBudget && isRequired(field))
    throw new Error(`${field.toString()} is no parameter`);
  return {
    ...{ name: field.name, in: place, required: place === 'path', description },
    schema,
    ...(isList && { style: 'form', explode: false }),
  };
}

function fieldNamed({ input }: DescMethod, name: string): DescField {
  const field = input.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`${input.typeName} has no field ${name}`);
  return field;
}

function content(schema: Schema): Schema {
  return { [JSON_TYPE]: { schema } };
}
