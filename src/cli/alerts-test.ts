import { randomUUID } from 'node:crypto';
import { type Notice, testNotice, textOf } from '../alerts/notice.js';
import { type RemoteSink, remoteSinks, type SendingMeans } from '../alerts/remote-sink.js';
import { placeOf, type SinkSettings } from '../alerts/sink-settings.js';
import { loadConfig } from '../config/config.js';
import { PROCESS_TIME } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { openLog } from '../platform/pino-log.js';
import { PROCESS_SCHEDULER } from '../platform/scheduler.js';
import type { Run } from './output.js';

/** Sends a sample to every alert sink of CONFIG_FILE, and says what came of it. Exit code 1: one of them has not heard. */
export async function testAlerts({ environment, output, finish }: Run): Promise<void> {
  const { config, warnings } = loadConfig(environment);
  for (const warning of warnings) output.err(`warning: ${warning}\n`);
  const log = await openLog({ level: config.logLevel });
  const { wall } = PROCESS_TIME;
  const { publicUrl } = config;
  const means = { scheduler: PROCESS_SCHEDULER, wall, publicUrl, log, id: randomUUID() };
  const { lines, ok } = await sendTestAlerts(config.alertSinks, means);
  log.flush();
  output.out(`${lines.join('\n')}\n`);
  if (!ok) finish(1);
}

interface TestMeans extends SendingMeans {
  readonly log: Log;
  /** Makes each test another one. */
  readonly id: string;
}

interface TestReport {
  /** One line for each sink. */
  readonly lines: readonly string[];
  /** Every sink that was sent to has heard. */
  readonly ok: boolean;
}

const NONE =
  'no alert sinks are configured: alerts go to the log and to WatchBudget; name some under "alert_sinks" in CONFIG_FILE';

/** Sends a sample to every sink, once, whatever its rules and budgets, and says what came of it. */
async function sendTestAlerts(sinks: readonly SinkSettings[], means: TestMeans): Promise<TestReport> {
  if (sinks.length === 0) return { lines: [NONE], ok: true };
  const notice = testNotice(means.id, means.wall());
  const remote = new Map(remoteSinks(sinks, means).map((sink) => [sink.name, sink]));
  const results = await Promise.all(
    sinks.map((sink) => tryOne(sink, remote.get(sink.name), notice, means.log)),
  );
  return { lines: results.map(({ line }) => line), ok: results.every(({ ok }) => ok) };
}

async function tryOne(
  settings: SinkSettings,
  remote: RemoteSink | undefined,
  notice: Notice,
  log: Log,
): Promise<{ line: string; ok: boolean }> {
  const say = (ok: boolean, what: string) => ({
    line: `${ok ? 'ok    ' : 'FAILED'}  ${settings.name} (${placeOf(settings)}): ${what}`,
    ok,
  });
  if (remote !== undefined) {
    const { delivered, detail } = await remote.send(notice, 1);
    return say(delivered, delivered ? `the sample was sent and ${detail}` : detail);
  }
  if (settings.kind === 'metric') return say(true, 'nothing to send: the running service counts real alerts');
  log.warn({ alert: notice.id, test: true }, `alert: ${textOf(notice)}`);
  return say(true, 'the sample was logged');
}
