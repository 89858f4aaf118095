import type { Log } from '../platform/log.js';
import { type Notice, testNotice, textOf } from './notice.js';
import { type RemoteSink, remoteSinks, type SendingMeans } from './remote-sink.js';
import { placeOf, type SinkSettings } from './settings.js';

export interface TestMeans extends SendingMeans {
  readonly log: Log;
  /** Makes each test another one. */
  readonly id: string;
}

export interface TestReport {
  /** One line for each sink. */
  readonly lines: readonly string[];
  /** Every sink that was sent to has heard. */
  readonly ok: boolean;
}

const NONE =
  'no alert sinks are configured: alerts go to the log and to WatchBudget; name some under "alert_sinks" in CONFIG_FILE';

/** Sends a sample to every sink, once, whatever its rules and budgets, and says what came of it. */
export async function sendTestAlerts(sinks: readonly SinkSettings[], means: TestMeans): Promise<TestReport> {
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
