import { Dispatcher } from '../../src/alerts/dispatcher.js';
import { type Notice, noticeOf } from '../../src/alerts/notice.js';
import type { Sent } from '../../src/alerts/remote-sink.js';
import { Routing, type SinkSettings } from '../../src/alerts/sink-settings.js';
import { isHappening } from '../../src/domain/alerts/alert-deliveries.js';
import { alertKey } from '../../src/domain/alerts/alerts.js';
import { ALERT_RULES } from '../../src/domain/alerts/condition.js';
import { toldOf } from '../../src/domain/alerts/notices.js';
import { silencedUntil } from '../../src/domain/alerts/silences.js';
import type { StoredAlert, StoredSilences, StoredState } from '../../src/domain/model/state.js';
import type { Clock } from '../../src/platform/clock.js';
import { SILENT_LOG } from '../../src/platform/log.js';
import { pause, type Scheduler } from '../../src/platform/scheduler.js';

const SINK: SinkSettings = {
  ...{ name: 'sim', kind: 'webhook', url: 'http://sim.invalid/' },
  ...{ rules: ALERT_RULES, budgets: ['*'] },
};
const SLOWEST_MS = 9_000;

/** A receiver of alerts, which hears, fails, and hears without its answer coming back. */
export class SimSink {
  /** By id: how often it was tried, and how often it has heard. */
  readonly tried = new Map<string, number>();
  readonly heard = new Map<string, number>();
  faults = 0;

  constructor(
    private readonly random: () => number,
    private readonly violated: (what: string) => void,
  ) {}

  /** The dispatcher of one replica, by which it reaches this receiver. */
  dispatcher(copyId: string, clock: Clock, scheduler: Scheduler): Dispatcher {
    const send = async (notice: Notice): Promise<Sent> => {
      await pause(scheduler, this.random() ** 4 * SLOWEST_MS);
      return this.take(notice);
    };
    const sinks = [{ name: SINK.name, place: 'sim', send }];
    const means = { copyId, clock, scheduler, log: SILENT_LOG, alone: false };
    return new Dispatcher({ ...means, sinks, routing: new Routing([SINK]) });
  }

  private take({ id, type }: Notice): Sent {
    this.tried.set(id, (this.tried.get(id) ?? 0) + 1);
    if (this.random() < this.faults) return { delivered: false, detail: 'failed' };
    this.heard.set(id, (this.heard.get(id) ?? 0) + 1);
    if (type === 'ended' && !this.hasHeardStart(id)) this.violated(`${id} was told before its start`);
    if (this.random() < this.faults) return { delivered: false, detail: 'the answer was lost' };
    return { delivered: true, detail: 'heard' };
  }

  /** Where a silence withheld a notice, and it was away when that was over, the deliveries are of one before. */
  private hasHeard(id: string, alert: StoredAlert): boolean {
    const isOfOneBefore = alert.untold === true && this.wasWithheld(alert);
    return this.heard.has(id) || (isOfOneBefore && this.hasHeardStart(id.replace(/:raised$/, ':ended')));
  }

  /** Of its notice, or of an earlier one of the same alert. */
  private hasHeardStart(ended: string): boolean {
    const [, incident = '', number = '1'] =
      /^(.*?:[A-Z_]+:\d+(?:%3A[^:]*)?)(?::(\d+))?:ended$/.exec(ended) ?? [];
    for (let one = Number(number); one > 1; one -= 1)
      if (this.heard.has(`${incident}:${one}:raised`)) return true;
    return this.heard.has(`${incident}:raised`);
  }

  /** What every committed state must hold: no alert is without its promise. */
  checkCommit({ head, sections }: StoredState): string[] {
    const { byRule = {} } = (sections.settings.get('silences') as StoredSilences | undefined) ?? {};
    this.wereSilenced ||= Object.keys(byRule).length > 0;
    const isSilent = ({ rule }: StoredAlert) => silencedUntil(byRule, rule, head.clock) !== undefined;
    const bare = [...sections.alerts].filter(
      ([, mark]) =>
        !isSilent(mark) && !this.wasWithheld(mark) && (mark.deliveries === undefined || mark.untold),
    );
    return bare.map(([key]) => `alert ${key} was committed and nobody is to be told`);
  }

  /** Its notice ended, or it happened, while nobody was to be told; or it is away, and told when it comes back. */
  private wasWithheld({ endedAt }: StoredAlert): boolean {
    return this.wereSilenced && endedAt !== undefined;
  }

  private wereSilenced = false;

  isPending({ sections }: StoredState): boolean {
    const all = [...sections.alerts.values()].flatMap(({ deliveries = [] }) => deliveries);
    return all.some(({ status }) => status === 'PENDING');
  }

  /** What must hold when all is done: whatever counts as delivered was heard, and nothing was given up untried. */
  checkRest(budgetId: string, { head, sections }: StoredState): string[] {
    const wrong: string[] = [];
    if (sections.settings.has('silences')) return wrong;
    for (const alert of sections.alerts.values()) {
      for (const { notice, status } of alert.deliveries ?? []) {
        const what = `alert ${alertKey(alert)}, ${notice}, ${status}:`;
        const { id } = noticeOf(budgetId, alert.epoch ?? head.epoch, alert, notice);
        if (status === 'PENDING') wrong.push(`${what} it is still not delivered`);
        if (status === 'DELIVERED' && !this.hasHeard(id, alert)) wrong.push(`${what} nobody has heard it`);
        if (status === 'GAVE_UP' && !this.tried.has(id)) wrong.push(`${what} it was never tried`);
        const ended = toldOf(alert).endedAt !== undefined && !isHappening(alert);
        if (ended && notice === 'RAISED' && status === 'DELIVERED')
          wrong.push(`${what} its end was not told`);
      }
    }
    return wrong;
  }
}
