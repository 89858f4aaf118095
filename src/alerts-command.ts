import { randomUUID } from 'node:crypto';
import { sendTestAlerts } from './alerts/send-test.js';
import { ConfigError, type Environment, loadConfig, processEnvironment } from './config.js';
import { PROCESS_TIME } from './platform/clock.js';
import { openLog } from './platform/pino-log.js';
import { PROCESS_SCHEDULER } from './platform/scheduler.js';

const USAGE =
  'usage: alerts test   sends a sample to every alert sink of CONFIG_FILE, and says what came of it';

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** 0: every sink has heard; 1: one has not; 2: wrong arguments or configuration. */
  readonly exitCode: number;
}

/** `alerts test`, as `CONFIG_FILE` of this environment has the sinks. */
export async function runAlertsCommand(
  args: readonly string[],
  environment: Environment = processEnvironment(),
): Promise<CommandResult> {
  if (args.length !== 1 || args[0] !== 'test') return { stdout: '', stderr: `${USAGE}\n`, exitCode: 2 };
  try {
    const { config, warnings } = loadConfig(environment);
    const log = await openLog({ level: config.logLevel });
    const { wall } = PROCESS_TIME;
    const means = { scheduler: PROCESS_SCHEDULER, wall, log, id: randomUUID() };
    const { lines, ok } = await sendTestAlerts(config.alertSinks, means);
    log.flush();
    const stderr = warnings.map((warning) => `warning: ${warning}\n`).join('');
    return { stdout: `${lines.join('\n')}\n`, stderr, exitCode: ok ? 0 : 1 };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { stdout: '', stderr: `${error.message}\n`, exitCode: error.exitCode };
  }
}
