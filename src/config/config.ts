import type { SinkSettings } from '../alerts/sink-settings.js';
import { redactSecrets } from '../platform/redact.js';
import { StartError } from '../platform/start-error.js';
import type { ConfiguredAccess } from './access-file.js';
import { type Address, isLoopback } from './address.js';
import { type BudgetsFile, type ConfiguredBudget, readBudgetsFile } from './budgets-file.js';
import { type Environment, processEnvironment, textIn } from './environment.js';
import { METRICS_DEFAULTS, type MetricsSettings } from './metrics-file.js';
import { nearMissWarnings } from './near-miss.js';
import { SETTING_KEYS, SETTINGS, type SettingKey, type SettingValues } from './settings.js';
import type { Problem } from './yaml-source.js';

/** All that the service is told from outside, checked and frozen. Field by field the table in `config/settings.ts`. */
export interface Config extends SettingValues, ConfiguredAccess {
  /** Budgets of CONFIG_FILE, by id. */
  readonly budgets: readonly ConfiguredBudget[];
  readonly alertSinks: readonly SinkSettings[];
  /** Which series there are, from CONFIG_FILE. */
  readonly metrics: MetricsSettings;
}

export interface LoadedConfig {
  readonly config: Config;
  /** One line each; nothing that keeps the service from starting. */
  readonly warnings: readonly string[];
}

/** Everything that is wrong with the configuration, one line each. */
export class ConfigError extends StartError {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'), 2);
  }
}

/** Reads and checks the whole configuration. Throws a `ConfigError` that lists every problem. */
export function loadConfig(environment: Environment = processEnvironment()): LoadedConfig {
  const { values, problems: unreadable } = readSettings(environment);
  const file = values.configFile === undefined ? undefined : readBudgetsFile(values.configFile, environment);
  const problems = [...unreadable, ...addressProblems(values, file), ...(file?.problems ?? [])];
  const known = SETTING_KEYS.map((key) => SETTINGS[key].variable);
  const nearMisses = nearMissWarnings(Object.keys(environment), known);
  // A slip in a name is often what is behind the problem: ALLOW_INSECUR=true.
  if (problems.length > 0) throw new ConfigError([...problems.map(line), ...nearMisses]);
  return {
    // Without problems there is a value for every setting that has a default.
    config: deepFreeze({
      ...{ ...(values as SettingValues), ...accessOf(file), budgets: file?.budgets ?? [] },
      alertSinks: file?.alertSinks ?? [],
      metrics: file?.metrics ?? METRICS_DEFAULTS,
    }),
    warnings: [...nearMisses, ...[...clearTextWarnings(values, file), ...(file?.warnings ?? [])].map(line)],
  };
}

/** The text of a setting: as it is set, or its default. */
export function settingText(
  environment: Environment,
  key: SettingKey,
): { text?: string; isDefault: boolean } {
  return textIn(environment, SETTINGS[key]);
}

function readSettings(environment: Environment): { values: Partial<SettingValues>; problems: Problem[] } {
  const values: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const key of SETTING_KEYS) {
    const { text } = settingText(environment, key);
    if (text === undefined) continue;
    const result = SETTINGS[key].schema.safeParse(text);
    if (result.success) values[key] = result.data;
    else
      problems.push(
        ...result.error.issues.map(({ message }) => ({ place: SETTINGS[key].variable, message })),
      );
  }
  return { values: values as Partial<SettingValues>, problems };
}

function accessOf(file: BudgetsFile | undefined): ConfiguredAccess {
  const { credentials, tls } = file ?? {};
  return { ...(credentials && { credentials }), ...(tls && { tls }) };
}

/** What other machines reach, with the variable that says so. */
function openAddresses({ grpcAddress, httpAddress }: Partial<SettingValues>): (readonly [string, Address])[] {
  return [
    [SETTINGS.grpcAddress.variable, grpcAddress] as const,
    [SETTINGS.httpAddress.variable, httpAddress] as const,
  ].flatMap(([variable, address]) =>
    address === undefined || isLoopback(address) ? [] : [[variable, address] as const],
  );
}

function addressProblems(values: Partial<SettingValues>, file: BudgetsFile | undefined): Problem[] {
  const { grpcAddress, httpAddress, allowInsecure } = values;
  const closed = allowInsecure !== false || file?.credentials !== undefined;
  const problems = (closed ? [] : openAddresses(values)).map(([place, address]) => ({
    place,
    message: openAddress(address),
  }));
  if (grpcAddress !== undefined && grpcAddress.port !== 0 && grpcAddress.text === httpAddress?.text) {
    const message = `${grpcAddress.text} is GRPC_ADDRESS too; give each its own port`;
    problems.push({ place: SETTINGS.httpAddress.variable, message });
  }
  return problems;
}

function openAddress({ text, port }: Address): string {
  return (
    `other machines reach ${text}, and callers without credentials would be served; name credentials in CONFIG_FILE, ` +
    `use a loopback address such as 127.0.0.1:${port}, or set ALLOW_INSECURE=true where the network itself is guarded`
  );
}

function clearTextWarnings(values: Partial<SettingValues>, file: BudgetsFile | undefined): Problem[] {
  if (file?.credentials === undefined || file.tls !== undefined) return [];
  return openAddresses(values).map(([place, { text }]) => ({
    place,
    message: `other machines reach ${text} without TLS, so tokens travel in clear; name "tls" in CONFIG_FILE`,
  }));
}

function line({ place, message }: Problem): string {
  // A message shows what it is about, and a URI with a password may stand in the wrong variable.
  return redactSecrets(`${place}: ${message}`);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
