import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { sinkText } from './alerts/settings.js';
import { commandLines } from './cli/program.js';
import { newTokenText } from './cli/token.js';
import { SETTING_KEYS, SETTINGS } from './config/settings.js';
import {
  type Config,
  ConfigError,
  type Environment,
  loadConfig,
  processEnvironment,
  settingText,
} from './config.js';
import { redactSecrets } from './platform/redact.js';

/** What a run that does not serve prints, and how it exits. */
export interface CliAnswer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

const USAGE = 'usage: budget-arbiter [COMMAND | --help | --version | --check-config | --new-token]';
const OPTIONS = ['help', 'version', 'check-config', 'new-token'];

/** Answers `--help`, `--version`, `--check-config`, `--new-token` and wrong arguments; undefined means: serve. */
export function answerCli(
  args: readonly string[],
  environment: Environment = processEnvironment(),
): CliAnswer | undefined {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'v' },
      'check-config': { type: 'boolean' },
      'new-token': { type: 'boolean' },
    },
    allowPositionals: true,
    // Not strict, since its messages run over several sentences; the check is below.
    strict: false,
    tokens: true,
  });
  const unknown = tokens.find(
    (token) => token.kind === 'option' && (!OPTIONS.includes(token.name) || token.value !== undefined),
  );
  if (unknown?.kind === 'option') return wrong(`unknown option ${unknown.rawName}`);
  if (positionals[0] !== undefined) return wrong(`${JSON.stringify(positionals[0])} is no command`);
  if (values['help'] === true) return printed(helpText());
  if (values['version'] === true) return printed(version());
  if (values['new-token'] === true) return printed(newTokenText());
  return values['check-config'] === true ? checkConfig(environment) : undefined;
}

/** The version in package.json. */
export function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** `--help`: every variable with its default. */
export function helpText(): string {
  const lines = SETTING_KEYS.flatMap((key) => {
    const { variable, help, fallback }: { variable: string; help: readonly string[]; fallback?: string } =
      SETTINGS[key];
    const [first = '', ...rest] = [...help, `Default: ${fallback ?? 'none'}.`];
    return [`  ${variable.padEnd(23)} ${first}`, ...rest.map((line) => ' '.repeat(26) + line)];
  });
  return [
    'Shares one monthly allowance of LLM tokens between many AIs, over gRPC.',
    '',
    USAGE,
    '',
    '  -h, --help              Print this.',
    '  -v, --version           Print the version.',
    '  --check-config          Check the configuration, print what is in force, and exit.',
    '  --new-token             Make a bearer token, and print it with its entry for CONFIG_FILE.',
    '',
    'Commands; each explains itself with --help:',
    '  serve                   Serve; the same as without a command.',
    ...commandLines(),
    '',
    'Without a command or an option it serves.',
    'It is configured by environment variables; an empty one counts as not set:',
    '',
    ...lines,
    '',
    'Exit codes: 0 stopped in order, 1 could not start or go on, 2 wrong arguments or configuration.',
  ].join('\n');
}

function checkConfig(environment: Environment): CliAnswer {
  try {
    const { config, warnings } = loadConfig(environment);
    const settings = SETTING_KEYS.map((key) => {
      const { text = '(none)', isDefault } = settingText(environment, key);
      return `  ${SETTINGS[key].variable} = ${redactSecrets(text)}${isDefault ? '   (default)' : ''}`;
    });
    const budgets = config.budgets.map(
      ({ budgetId, fields }) =>
        `  ${budgetId} (${Object.keys(fields).length} settings; the rest at their defaults)`,
    );
    const stdout = [
      'configuration is valid',
      ...settings,
      ...accessLines(config),
      ...sinkLines(config),
      ...metricsLines(config),
      ...(budgets.length > 0 ? [`budgets of ${config.configFile}:`, ...budgets] : []),
    ];
    const stderr = warnings.map((warning) => `warning: ${warning}\n`).join('');
    return { stdout: `${stdout.join('\n')}\n`, stderr, exitCode: 0 };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { stdout: '', stderr: `${error.message}\n`, exitCode: error.exitCode };
  }
}

function accessLines({ credentials, tls, configFile }: Config): string[] {
  if (credentials === undefined && tls === undefined) return [];
  const { tokens = [], certificates = [], jwt = [] } = credentials ?? {};
  const jwtNames = jwt.map(({ issuer, principals }) => `${principals.length} of ${issuer}`);
  return [
    `access of ${configFile}:`,
    `  TLS: ${tls === undefined ? 'none' : `${tls.cert} with ${tls.key}`}`,
    ...(credentials === undefined
      ? ['  credentials: none, so everybody may do everything']
      : [`  credentials: ${tokens.length} tokens, ${certificates.length} certificates`]),
    ...jwtNames.map((text) => `  principals by JWT: ${text}`),
  ];
}

function sinkLines({ alertSinks, configFile }: Config): string[] {
  if (alertSinks.length === 0) return [];
  return [`alert sinks of ${configFile}:`, ...alertSinks.map((sink) => `  ${sinkText(sink)}`)];
}

function metricsLines({ metrics: { maxBudgets, aiLabels }, configFile }: Config): string[] {
  if (configFile === undefined) return [];
  const ais = aiLabels.length === 0 ? 'none' : aiLabels.join(', ');
  return [
    `metrics of ${configFile}:`,
    `  budgets with series of their own: up to ${maxBudgets}`,
    `  AIs: ${ais}`,
  ];
}

function printed(text: string): CliAnswer {
  return { stdout: `${text}\n`, stderr: '', exitCode: 0 };
}

function wrong(what: string): CliAnswer {
  return { stdout: '', stderr: `${what}; ${USAGE}\n`, exitCode: 2 };
}
