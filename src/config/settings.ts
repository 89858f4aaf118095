import type { z } from 'zod';
import { BUDGET_ID_RULE, isBudgetId } from '../domain/model/budget-id.js';
import { LOG_LEVELS, type LogLevel } from '../platform/pino-log.js';
import { ADDRESS_RULE, HTTP_ADDRESS, parseAddress } from './address.js';
import { DURATION_RULE, parseDuration, parsed, parseHttpUrl, parseMongoUri, parseWhole } from './values.js';

/** One environment variable. `--help`, `--check-config` and the reading of the environment all follow this table. */
export interface Setting<T> {
  readonly variable: string;
  /** As text; absent: none. */
  readonly fallback?: string;
  readonly schema: z.ZodType<T, string>;
  /** Lines of help. */
  readonly help: readonly string[];
}

const MIN_SKEW_MS = 100;
const MAX_SKEW_MS = 3_600_000;

export const SETTINGS = {
  grpcAddress: {
    variable: 'GRPC_ADDRESS',
    fallback: '127.0.0.1:50051',
    schema: parsed(parseAddress, ADDRESS_RULE),
    help: [
      'Where gRPC is served: host:port. An address that other machines',
      'reach needs credentials in CONFIG_FILE, or ALLOW_INSECURE=true.',
    ],
  },
  httpAddress: {
    ...HTTP_ADDRESS,
    schema: parsed(parseAddress, ADDRESS_RULE),
    help: ['Where the dashboard, JSON and health checks are served; same rule.'],
  },
  mongodbUri: {
    variable: 'MONGODB_URI',
    schema: parsed(
      parseMongoUri,
      'a MongoDB URI such as mongodb://user:password@host:27017/?replicaSet=rs0 ' +
        '(in a password write %40 for "@", %3A for ":", %2F for "/")',
      true,
    ),
    help: ['The MongoDB that several replicas share.', 'Without it one process stores in DATA_DIR.'],
  },
  mongodbDatabase: {
    variable: 'MONGODB_DATABASE',
    fallback: 'budget',
    schema: parsed(parseDatabase, 'a database name: 1 to 63 bytes without spaces and any of /\\."$*<>:|?'),
    help: ['The database in it.'],
  },
  dataDir: {
    variable: 'DATA_DIR',
    fallback: './data',
    schema: parsed(parsePath, 'a folder'),
    help: ['The folder of the embedded store.'],
  },
  configFile: {
    variable: 'CONFIG_FILE',
    schema: parsed(parsePath, 'a file'),
    help: [
      'YAML: who may call, TLS files, and budgets with their policies.',
      'Missing budgets are created, existing ones are never changed.',
    ],
  },
  defaultBudget: {
    variable: 'DEFAULT_BUDGET',
    fallback: 'anthropic',
    schema: parsed((text) => (isBudgetId(text) ? text : undefined), `a budget id: ${BUDGET_ID_RULE}`),
    help: [
      'The budget that HTTP shows unless another is named; created with',
      'the default policy in a store without budgets.',
    ],
  },
  usageRetentionMonths: {
    variable: 'USAGE_RETENTION_MONTHS',
    fallback: '24',
    schema: parsed((text) => parseWhole(text, 1, 120), 'a whole number of months from 1 to 120'),
    help: ['Usage older than this is removed: 1 to 120.'],
  },
  maxClockSkewMs: {
    variable: 'MAX_CLOCK_SKEW',
    fallback: '2s',
    schema: parsed(parseSkew, `${DURATION_RULE}, from 100ms to 1h`),
    help: ['How far clocks may disagree before grants stop: 100ms to 1h.'],
  },
  logLevel: {
    variable: 'LOG_LEVEL',
    fallback: 'info',
    schema: parsed(parseLogLevel, `one of ${LOG_LEVELS.join(', ')}`),
    help: [`${LOG_LEVELS.join(', ')}. JSON lines on stdout; a`, 'readable form on a terminal.'],
  },
  publicUrl: {
    variable: 'PUBLIC_URL',
    schema: parsed(
      parseHttpUrl,
      'an http or https address without user, query or fragment, such as https://budgets.example.org',
    ),
    help: ['Where people find the dashboard: alerts link to it.'],
  },
  otlpEndpoint: {
    variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    schema: parsed(
      parseHttpUrl,
      'an http or https address without user, query or fragment, such as http://127.0.0.1:4318',
      true,
    ),
    help: [
      'The OpenTelemetry collector that traces are sent to, by OTLP over',
      'HTTP. Other OTEL_ variables of the SDK hold, too.',
    ],
  },
  recordFile: {
    variable: 'RECORD_FILE',
    schema: parsed(parsePath, 'a file'),
    help: [
      'Every request for a slot is appended to it as a line of JSON, denied',
      'ones too, for the command replay.',
    ],
  },
  allowInsecure: {
    variable: 'ALLOW_INSECURE',
    fallback: 'false',
    schema: parsed(parseBoolean, 'true or false'),
    help: [
      'true: serve without credentials on addresses that other machines',
      'reach. Only where the network itself is guarded.',
    ],
  },
} as const satisfies Record<string, Setting<unknown>>;

export type SettingKey = keyof typeof SETTINGS;
export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[];

/** What a setting's text stands for; undefined where it has no default and is not set. */
export type SettingValues = {
  readonly [K in SettingKey]: (typeof SETTINGS)[K] extends { readonly fallback: string }
    ? z.output<(typeof SETTINGS)[K]['schema']>
    : z.output<(typeof SETTINGS)[K]['schema']> | undefined;
};

function parseDatabase(text: string): string | undefined {
  return /^[^/\\. "$*<>:|?\0]+$/.test(text) && Buffer.byteLength(text) <= 63 ? text : undefined;
}

function parsePath(text: string): string | undefined {
  return text.trim() === '' || text.includes('\0') ? undefined : text;
}

function parseSkew(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= MIN_SKEW_MS && ms <= MAX_SKEW_MS ? ms : undefined;
}

function parseLogLevel(text: string): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === text);
}

function parseBoolean(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined;
}
