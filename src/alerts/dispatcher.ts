import type { AlertDispatcher, DeliveryPort, LocalKind } from '../arbiter/alert-dispatcher.js';
import { HOLD_MS, isFree, LONGEST_RETRY_MS, TRY_FOR_MS } from '../domain/alerts/alert-deliveries.js';
import { toldOf } from '../domain/alerts/notices.js';
import type { DeliveryResult } from '../domain/model/requests.js';
import type { PendingDelivery, StoredAlert, StoredDelivery } from '../domain/model/state.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { pause, type Scheduler } from '../platform/scheduler.js';
import { type Delivery, DeliveryResults, Lanes, retryInMs, sameNotice, sameTry } from './deliveries.js';
import { noticeOf } from './notice.js';
import type { RemoteSink } from './remote-sink.js';
import type { Routing } from './sink-settings.js';

/** A try that might outlast its hold is not begun: the hold is renewed first. */
const LEAST_HOLD_MS = 12_000;
const AGAIN_MS = 1_000;
/** Tries under way at shut-down get so long to end; what they leave undone another replica or the next start does. */
const STOP_MS = 1_000;

export interface DispatcherOptions {
  readonly routing: Routing;
  readonly sinks: readonly RemoteSink[];
  readonly copyId: string;
  /** No other replica can be running on the store. */
  readonly alone: boolean;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Log;
}

/**
 * Sends alerts to the sinks of other machines, at least once. What is to be sent stands in the marks of the budgets' states;
 * this is only the working copy of the part that this replica holds.
 */
export class Dispatcher implements AlertDispatcher {
  /** By budget, by the mark's key and the sink. */
  private readonly deliveries = new Map<string, Map<string, Delivery>>();
  private readonly sinks: ReadonlyMap<string, RemoteSink>;
  private readonly lanes = new Lanes();
  private readonly claiming = new Set<string>();
  /** What is too old, for sinks that are no longer configured: by budget, mark and sink. Giving them up is told, too. */
  private readonly unsendable = new Set<string>();
  private results: DeliveryResults | undefined;
  private deliveryPort: DeliveryPort | undefined;
  private stopped = false;

  constructor(private readonly options: DispatcherOptions) {
    this.sinks = new Map(options.sinks.map((sink) => [sink.name, sink]));
  }

  start(deliveryPort: DeliveryPort): void {
    const { copyId, scheduler, log } = this.options;
    this.deliveryPort = deliveryPort;
    this.results = new DeliveryResults({ deliveryPort, copyId, scheduler, log, stopped: () => this.stopped });
  }

  sinksFor(budgetId: string, rule: string): readonly string[] {
    return this.options.routing.remote(budgetId, rule);
  }

  isFor(kind: LocalKind, budgetId: string, rule: string): boolean {
    return this.options.routing.local(kind, budgetId, rule);
  }

  saw(budgetId: string, epoch: number, marks: ReadonlyMap<string, StoredAlert>): void {
    if (this.stopped) return;
    const known = this.deliveries.get(budgetId) ?? new Map<string, Delivery>();
    const seen = new Set<string>();
    for (const [key, alert] of marks) {
      const subject = { budgetId, epoch: alert.epoch ?? epoch, key, alert };
      for (const stored of alert.deliveries ?? []) {
        const id = `${key} ${stored.sink}`;
        if (this.sawOne(known, id, subject, stored)) seen.add(id);
      }
    }
    for (const [id, delivery] of known) if (!seen.has(id)) this.forget(known, id, delivery);
    if (known.size > 0) this.deliveries.set(budgetId, known);
    else this.deliveries.delete(budgetId);
  }

  /** Whether this replica has to do with it. */
  private sawOne(
    known: Map<string, Delivery>,
    id: string,
    subject: Pick<Delivery, 'budgetId' | 'epoch' | 'key' | 'alert'>,
    stored: StoredDelivery,
  ): boolean {
    const before = known.get(id);
    const unsent = this.unsendable.has(`${subject.budgetId} ${id}`);
    if (stored.status === 'GAVE_UP' && (before !== undefined || unsent)) this.tellGivenUp(subject, stored);
    this.unsendable.delete(`${subject.budgetId} ${id}`);
    if (stored.status !== 'PENDING') return false;
    const { now } = this.options.clock.read();
    if (stored.copyId !== this.options.copyId) {
      // Of a sink that nobody knows, what is too old must be given up.
      const isConfigured = this.sinks.has(stored.sink);
      const concerns = isConfigured || now - stored.since >= TRY_FOR_MS;
      if (!isConfigured && concerns) this.unsendable.add(`${subject.budgetId} ${id}`);
      if (concerns && (this.options.alone || isFree(stored, now))) void this.claim(subject.budgetId);
      return false;
    }
    if (!this.sinks.has(stored.sink)) return false;
    const same = before !== undefined && sameNotice(before, subject) && sameTry(before.pending, stored);
    if (same && before.state === 'telling') return true;
    if (same && before.pending.heldUntil === stored.heldUntil) return true;
    before?.cancel();
    known.set(id, this.take(known, id, subject, stored, now));
    return true;
  }

  private take(
    known: Map<string, Delivery>,
    id: string,
    subject: Pick<Delivery, 'budgetId' | 'epoch' | 'key' | 'alert'>,
    pending: PendingDelivery,
    now: number,
  ): Delivery {
    const { clock, scheduler } = this.options;
    // From here on by the monotonic clock: while the time is not trusted, it stands still.
    const waitMs = Math.min(Math.max(0, pending.nextAt - now), LONGEST_RETRY_MS);
    const heldMs = Math.min(pending.heldUntil - now, waitMs + HOLD_MS);
    const heldUntil = clock.monotonic() + heldMs;
    const delivery: Delivery = { ...subject, pending, heldUntil, state: 'waiting', cancel: () => {} };
    delivery.cancel = scheduler.after(waitMs, () => this.queue(known, id, delivery));
    return delivery;
  }

  private queue(known: Map<string, Delivery>, id: string, delivery: Delivery): void {
    const isCurrent = () => known.get(id) === delivery && !this.stopped;
    this.lanes.add(delivery.pending.sink, async () => {
      if (!isCurrent()) return;
      const { clock, scheduler } = this.options;
      if (delivery.heldUntil - clock.monotonic() < LEAST_HOLD_MS) {
        const claimed = await this.claim(delivery.budgetId);
        if (!isCurrent()) return;
        if (!claimed) {
          delivery.cancel = scheduler.after(AGAIN_MS, () => this.queue(known, id, delivery));
          return;
        }
        // Nothing changed by the claim: the state's time stands still, and for the others it is still held here.
      }
      await this.attempt(known, id, delivery);
    });
  }

  private async attempt(known: Map<string, Delivery>, id: string, delivery: Delivery): Promise<void> {
    const { scheduler, log } = this.options;
    const { budgetId, epoch, key, alert, pending } = delivery;
    const { notice, failures } = pending;
    const sink = this.sinks.get(pending.sink);
    if (sink === undefined) return;
    delivery.state = 'telling';
    const told = noticeOf(budgetId, epoch, alert, notice);
    const sent = await sink.send(told, failures + 1);
    const fields = {
      budget: budgetId,
      rule: alert.rule,
      sink: sink.name,
      alert: told.id,
      tries: failures + 1,
    };
    const { number, raisedAt } = toldOf(alert);
    const subject: DeliveryResult = { key, number, raisedAt, epoch, sink: sink.name, notice };
    let result = subject;
    if (sent.delivered) log.info({ ...fields, result: sent.detail }, 'alert delivered');
    else {
      const wait = retryInMs(failures, scheduler.random(), sent.retryAfterMs);
      log.warn(
        { ...fields, result: sent.detail, retryInMs: wait },
        'an alert was not delivered; trying again',
      );
      result = { ...subject, retryInMs: wait };
    }
    // Not awaited: a store that does not answer must not hold up the next one for this sink.
    void this.results?.add(budgetId, result).then(() => {
      // If the commit said something else than expected, the state is looked at again soon.
      if (known.get(id) === delivery) known.delete(id);
    });
  }

  /** Takes over what nobody holds, and renews what this replica holds; the commit shows what came of it. True when it is done. */
  private async claim(budgetId: string): Promise<boolean> {
    if (this.claiming.has(budgetId) || this.deliveryPort === undefined) return false;
    const { copyId, alone, log } = this.options;
    this.claiming.add(budgetId);
    const request = { kind: 'claim-deliveries', copyId, sinks: [...this.sinks.keys()], alone } as const;
    try {
      await this.deliveryPort.recordDeliveries(budgetId, request);
      return true;
    } catch (error) {
      // Told by others, if it is the store's. What is free is seen again, and what is held is tried again.
      log.debug({ budget: budgetId, err: error }, 'alerts could not be taken over yet');
      return false;
    } finally {
      this.claiming.delete(budgetId);
    }
  }

  private tellGivenUp(
    { budgetId, epoch, alert }: Pick<Delivery, 'budgetId' | 'epoch' | 'alert'>,
    { sink, notice, failures }: StoredDelivery,
  ): void {
    const { id } = noticeOf(budgetId, epoch, alert, notice);
    const fields = { budget: budgetId, rule: alert.rule, sink, alert: id, tries: failures };
    this.options.log.error(fields, 'an alert could not be delivered within an hour; it is given up');
  }

  private forget(known: Map<string, Delivery>, id: string, delivery: Delivery): void {
    if (delivery.state === 'telling') return;
    delivery.cancel();
    known.delete(id);
  }

  /** The next one need not wait until this replica's hold is over. */
  private async release(): Promise<void> {
    const { copyId } = this.options;
    const request = { kind: 'record-deliveries', copyId, results: [], release: true } as const;
    const budgets = [...this.deliveries.keys()];
    await Promise.allSettled(
      budgets.map((budgetId) => this.deliveryPort?.recordDeliveries(budgetId, request)),
    );
  }

  /** Begins nothing new, and lets what is under way end for a moment. */
  async stop(): Promise<void> {
    const { clock, scheduler } = this.options;
    this.stopped = true;
    this.lanes.clear();
    for (const known of this.deliveries.values()) for (const delivery of known.values()) delivery.cancel();
    const until = clock.monotonic() + STOP_MS;
    const busy = () => this.lanes.busy || (this.results?.busy ?? false);
    while (busy() && clock.monotonic() < until) await pause(scheduler, 10);
    await Promise.race([this.release(), pause(scheduler, STOP_MS)]);
    this.deliveries.clear();
  }
}
