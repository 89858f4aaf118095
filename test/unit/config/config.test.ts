import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../../../src/config/config.js';
import type { Environment } from '../../../src/config/environment.js';

const folder = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function problems(environment: Environment): readonly string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('has a default for everything', () => {
    const { config, warnings } = loadConfig({});
    expect(config).toEqual({
      grpcAddress: { host: '127.0.0.1', port: 50_051, text: '127.0.0.1:50051' },
      httpAddress: { host: '127.0.0.1', port: 8_080, text: '127.0.0.1:8080' },
      mongodbDatabase: 'budget',
      dataDir: './data',
      defaultBudget: 'anthropic',
      usageRetentionMonths: 24,
      maxClockSkewMs: 2_000,
      logLevel: 'info',
      allowInsecure: false,
      alertSinks: [],
      budgets: [],
      metrics: { maxBudgets: 200, aiLabels: [] },
    });
    expect(warnings).toEqual([]);
  });

  it('reads every variable', () => {
    const file = join(folder, 'budgets.yaml');
    writeFileSync(file, 'budgets: {openai: {cooldown: 1m}}\nmetrics: {ai_labels: [guardian]}');
    const { config } = loadConfig({
      GRPC_ADDRESS: '[::]:0',
      HTTP_ADDRESS: '0.0.0.0:0',
      MONGODB_URI: 'mongodb://h/?replicaSet=rs0',
      MONGODB_DATABASE: 'shared',
      DATA_DIR: '/var/lib/budget',
      CONFIG_FILE: file,
      DEFAULT_BUDGET: 'openai',
      USAGE_RETENTION_MONTHS: '120',
      MAX_CLOCK_SKEW: '500ms',
      LOG_LEVEL: 'debug',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      PUBLIC_URL: 'https://budgets.example.org',
      ALLOW_INSECURE: 'true',
    });
    expect(config).toEqual({
      grpcAddress: { host: '::', port: 0, text: '[::]:0' },
      httpAddress: { host: '0.0.0.0', port: 0, text: '0.0.0.0:0' },
      mongodbUri: 'mongodb://h/?replicaSet=rs0',
      mongodbDatabase: 'shared',
      dataDir: '/var/lib/budget',
      configFile: file,
      defaultBudget: 'openai',
      usageRetentionMonths: 120,
      maxClockSkewMs: 500,
      logLevel: 'debug',
      otlpEndpoint: 'http://collector:4318',
      publicUrl: 'https://budgets.example.org',
      allowInsecure: true,
      alertSinks: [],
      budgets: [{ budgetId: 'openai', fields: { cooldownMs: 60_000 } }],
      metrics: { maxBudgets: 200, aiLabels: ['guardian'] },
    });
  });

  it('is frozen, all the way down', () => {
    const { config } = loadConfig({});
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.grpcAddress)).toBe(true);
    expect(Object.isFrozen(config.budgets)).toBe(true);
  });

  it('takes a variable that is set to nothing for one that is not set', () => {
    const { config } = loadConfig({ MONGODB_URI: '', LOG_LEVEL: '' });
    expect(config.mongodbUri).toBeUndefined();
    expect(config.logLevel).toBe('info');
  });

  it.each([
    ['GRPC_ADDRESS', 'foo', /^GRPC_ADDRESS: "foo" is not host:port, such as 127\.0\.0\.1:50051/],
    ['HTTP_ADDRESS', ':80', /^HTTP_ADDRESS: ":80" is not host:port/],
    ['MONGODB_URI', 'mongo://u:hunter2@h', /^MONGODB_URI: it is not a MongoDB URI such as mongodb:/],
    ['MONGODB_DATABASE', 'a.b', /^MONGODB_DATABASE: "a\.b" is not a database name/],
    ['DATA_DIR', ' ', /^DATA_DIR: " " is not a folder/],
    ['DEFAULT_BUDGET', 'Anthropic', /^DEFAULT_BUDGET: "Anthropic" is not a budget id: 1 to 63/],
    [
      'USAGE_RETENTION_MONTHS',
      '0',
      /^USAGE_RETENTION_MONTHS: "0" is not a whole number of months from 1 to 120/,
    ],
    ['USAGE_RETENTION_MONTHS', '121', /^USAGE_RETENTION_MONTHS/],
    ['USAGE_RETENTION_MONTHS', '1.5', /^USAGE_RETENTION_MONTHS/],
    ['MAX_CLOCK_SKEW', '2', /^MAX_CLOCK_SKEW: "2" is not a duration such as .*, from 100ms to 1h/],
    ['MAX_CLOCK_SKEW', '99ms', /^MAX_CLOCK_SKEW/],
    ['MAX_CLOCK_SKEW', '2h', /^MAX_CLOCK_SKEW/],
    ['LOG_LEVEL', 'INFO', /^LOG_LEVEL: "INFO" is not one of debug, info, warn, error/],
    ['ALLOW_INSECURE', 'yes', /^ALLOW_INSECURE: "yes" is not true or false/],
  ])('%s=%s', (variable, text, line) => {
    const found = problems({ [variable]: text });
    expect(found).toEqual([expect.stringMatching(line)]);
    expect(found.join()).not.toContain('hunter2');
  });

  it('lists all problems at once, with exit code 2', () => {
    const file = join(folder, 'wrong.yaml');
    writeFileSync(file, 'budget: {}');
    const environment = {
      GRPC_ADDRESS: '0.0.0.0:1',
      LOG_LEVEL: 'x',
      CONFIG_FILE: file,
      ALLOW_INSECUR: 'true',
    };
    expect(problems(environment)).toEqual([
      'LOG_LEVEL: "x" is not one of debug, info, warn, error',
      expect.stringMatching(/^GRPC_ADDRESS: other machines reach 0\.0\.0\.0:1/),
      `${file}:1:1: budget: no such setting; did you mean budgets?`,
      'ALLOW_INSECUR: no such setting, so it has no effect; did you mean ALLOW_INSECURE?',
    ]);
    expect(new ConfigError(['a', 'b'])).toMatchObject({ message: 'a\nb', exitCode: 2 });
  });

  it.each([
    ['GRPC_ADDRESS', '0.0.0.0:50051'],
    ['GRPC_ADDRESS', '[::]:50051'],
    ['HTTP_ADDRESS', '192.168.1.5:8080'],
    ['HTTP_ADDRESS', 'example.org:8080'],
  ])('refuses an open address: %s=%s', (variable, text) => {
    expect(problems({ [variable]: text })).toEqual([
      expect.stringMatching(/other machines reach .* use a loopback address .* ALLOW_INSECURE=true/),
    ]);
    expect(problems({ [variable]: text, ALLOW_INSECURE: 'true' })).toEqual([]);
  });

  it('refuses one address for both servers', () => {
    const text = '127.0.0.1:7000';
    expect(problems({ GRPC_ADDRESS: text, HTTP_ADDRESS: text })).toEqual([
      'HTTP_ADDRESS: 127.0.0.1:7000 is GRPC_ADDRESS too; give each its own port',
    ]);
    expect(problems({ GRPC_ADDRESS: '127.0.0.1:0', HTTP_ADDRESS: '127.0.0.1:0' })).toEqual([]);
  });

  it('warns of a variable that is nearly ours', () => {
    expect(loadConfig({ DATADIR: '/x' }).warnings).toEqual([
      'DATADIR: no such setting, so it has no effect; did you mean DATA_DIR?',
    ]);
  });
});
