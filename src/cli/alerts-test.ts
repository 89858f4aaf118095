import { randomUUID } from 'node:crypto';
import { sendTestAlerts } from '../alerts/send-test.js';
import { loadConfig } from '../config/config.js';
import { PROCESS_TIME } from '../platform/clock.js';
import { openLog } from '../platform/pino-log.js';
import { PROCESS_SCHEDULER } from '../platform/scheduler.js';
import type { Run } from './output.js';

/** Sends a sample to every alert sink of CONFIG_FILE, and says what came of it. Exit code 1: one of them has not heard. */
export async function testAlerts({ environment, output, finish }: Run): Promise<void> {
  const { config, warnings } = loadConfig(environment);
  for (const warning of warnings) output.err(`warning: ${warning}\n`);
  const log = await openLog({ level: config.logLevel });
  const { wall } = PROCESS_TIME;
  const means = { scheduler: PROCESS_SCHEDULER, wall, log, id: randomUUID() };
  const { lines, ok } = await sendTestAlerts(config.alertSinks, means);
  log.flush();
  output.out(`${lines.join('\n')}\n`);
  if (!ok) finish(1);
}
