import { distributionPath, exportPath, probePaths, readPaths, rpcPaths } from './paths.js';
import { type Schema, Schemas } from './schemas.js';

/** What the service answers over HTTP, as an OpenAPI document, made of the descriptors of its API. */
export function openApiOf(): Schema {
  const schemas = new Schemas();
  const paths = {
    ...rpcPaths(schemas),
    ...readPaths(schemas),
    ...distributionPath(schemas),
    ...exportPath(),
    ...probePaths(),
  };
  return {
    openapi: '3.1.0',
    info: {
      title: 'budget arbiter',
      version: 'v1',
      summary: 'Shares one monthly allowance of LLM tokens between many AIs.',
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { certificate: [] }],
    paths,
    components: {
      schemas: { ...Object.fromEntries(Object.entries(schemas.made).sort()), ...FAILURES },
      responses: RESPONSES,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        certificate: { type: 'mutualTLS' },
      },
    },
  };
}

const DESCRIPTION =
  'The unary methods of `budgetarbiter.v1`, called as the Connect protocol has it: a POST with the request in the canonical JSON of ' +
  'protobuf. Names are in lowerCamelCase, those of the proto file are taken as well; 64-bit numbers are text in answers; what ' +
  'has its default value is left out. A field that the API does not have is refused. Beside them, pages that are read with GET. ' +
  'Credentials are needed where the service has some configured. Of the headers of the Connect protocol, `connect-timeout-ms` ' +
  'bounds the wait for an answer, and `connect-protocol-version` may be left out. Three limits that JSON Schema has no word for: ' +
  '`x-maxBytes` is the most bytes of UTF-8 that a text may have, `x-minimum` and `x-maximum` are the bounds of durations, days and ' +
  'months, which are texts.';

const TEXT = { type: 'string' };

const FAILURES: Readonly<Record<string, Schema>> = {
  CallFailure: {
    type: 'object',
    description: 'An error of the Connect protocol.',
    required: ['code', 'message'],
    properties: {
      code: {
        enum: [
          ...['canceled', 'unknown', 'invalid_argument', 'deadline_exceeded', 'not_found', 'already_exists'],
          ...['permission_denied', 'resource_exhausted', 'failed_precondition', 'aborted', 'out_of_range'],
          ...['unimplemented', 'internal', 'unavailable', 'data_loss', 'unauthenticated'],
        ],
      },
      message: { ...TEXT, description: 'What is wrong, and what to do, for a person.' },
      details: {
        type: 'array',
        items: {
          type: 'object',
          required: ['type', 'value'],
          properties: {
            type: {
              ...TEXT,
              examples: ['google.rpc.ErrorInfo', 'google.rpc.BadRequest', 'google.rpc.RetryInfo'],
            },
            value: { ...TEXT, description: 'The message, in base64 without padding.' },
            debug: { type: 'object', description: 'The same as JSON.' },
          },
        },
      },
    },
  },
  Failure: {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['code', 'message'],
        properties: {
          code: { ...TEXT, examples: ['INVALID_FIELD', 'BUDGET_NOT_FOUND'] },
          message: { ...TEXT, description: 'What is wrong, and what to do, for a person.' },
          field: { ...TEXT, description: 'The parameter that is wrong.' },
        },
      },
    },
  },
};

const failure = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const RESPONSES: Readonly<Record<string, Schema>> = {
  CallFailed: {
    description: 'The call failed. The HTTP server itself answers in the second form.',
    content: { 'application/json': { schema: { anyOf: [failure('CallFailure'), failure('Failure')] } } },
  },
  Failed: {
    description: 'It cannot be answered.',
    content: { 'application/json': { schema: failure('Failure') } },
  },
};
