import { sinkText } from '../alerts/sink-settings.js';
import { type Config, ConfigError, loadConfig, settingText } from '../config/config.js';
import { SETTING_KEYS, SETTINGS } from '../config/settings.js';
import { redactSecrets } from '../platform/redact.js';
import type { Run } from './output.js';

/** Prints what is in force, or every problem on a line of its own. */
export function checkConfig({ environment, output, finish }: Run): void {
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
    const lines = [
      'configuration is valid',
      ...settings,
      ...accessLines(config),
      ...sinkLines(config),
      ...metricsLines(config),
      ...(budgets.length > 0 ? [`budgets of ${config.configFile}:`, ...budgets] : []),
    ];
    for (const warning of warnings) output.err(`warning: ${warning}\n`);
    output.out(`${lines.join('\n')}\n`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    output.err(`${error.message}\n`);
    finish(error.exitCode);
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
    ...(credentials?.tokensFile === undefined ? [] : [`  tokens of ${credentials.tokensFile} included`]),
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
