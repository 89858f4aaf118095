import { loadConfig } from '../config.js';
import { StartError } from '../platform/start-error.js';
import type { Run } from './program.js';

/** Sends a sample to every sink of the configuration. */
export async function testAlerts({ environment }: Run): Promise<void> {
  const { config } = loadConfig(environment);
  const place = config.configFile ?? 'CONFIG_FILE, which is not set,';
  throw new StartError(
    `${place} names no alert sinks: alerts are lines of the log and events of WatchBudget`,
    2,
  );
}
