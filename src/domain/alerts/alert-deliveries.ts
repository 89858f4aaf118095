import type { Ledger } from '../ledger/ledger.js';
import type { ClaimDeliveriesRequest, DeliveryResult, RecordDeliveriesRequest } from '../model/requests.js';
import type { PendingDelivery, StoredAlert, StoredDelivery } from '../model/state.js';
import { toldOf } from './notices.js';
import { silencedUntil } from './silences.js';

/**
 * Whom alerts are sent to, and how far that went. It is part of an alert's mark, so that the commit that raises an alert also
 * promises its delivery: no crash falls between the two, and any replica finds what is left to do.
 */

/** What fails is tried again for so long; a try that fails later is the last. */
export const TRY_FOR_MS = 3_600_000;
/** Longer than a try takes: until then the replica that sends has the time to say what became of it. */
export const HOLD_MS = 30_000;
/** No two tries are farther apart. What is held for longer was promised under a wrong clock, and is free. */
export const LONGEST_RETRY_MS = 600_000;
/** A replica that would hold a delivery for less than this holds it anew. */
const RENEW_BELOW_MS = HOLD_MS / 2;
/** Deliveries that no replica knows how to make are looked at this often, until their time is over. */
const LOOK_AGAIN_MS = 60_000;

const RELEASED_AFTER_MS = 1_000;

/** Things that happen at one moment: they are raised and never end later. */
const HAPPENINGS: ReadonlySet<string> = new Set(['LEASE_EXPIRED', 'OVERRUN', 'UNPRICED_MODEL']);

/** It is told once, not raised and then ended. */
export function isHappening({ rule }: Pick<StoredAlert, 'rule'>): boolean {
  return HAPPENINGS.has(rule);
}

export interface Sender {
  readonly copyId: string;
  readonly sinksFor?: (rule: string) => readonly string[];
}

/** Notes for every notice that was raised or ended since the last commit who must be told; the committing replica sends. */
export function addressAlerts(
  { tables: { alerts, settings }, clock, silences }: Ledger,
  sender: Sender,
): void {
  // What a silence withheld until now stands in marks that nothing else changes.
  const keys = settings.touched ? [...alerts.keys()] : alerts.touched ? alerts.changedKeys() : [];
  for (const key of keys) {
    const mark = alerts.get(key);
    if (mark === undefined || silencedUntil(silences, mark.rule, clock) !== undefined) continue;
    const addressed = mark.untold ? startTold(mark, clock, sender) : endTold(mark, clock, sender);
    if (addressed !== undefined) alerts.set(key, addressed);
  }
}

/** To those who heard an earlier notice of it, this one comes in the place of what is under way. */
function startTold(
  { untold: _, ...mark }: StoredAlert,
  now: number,
  { copyId, sinksFor }: Sender,
): StoredAlert | undefined {
  const holds = isHappening(mark) ? mark.raisedAt === now : mark.endedAt === undefined;
  // A silence withheld it until it was over; what is away may come back, and is told then.
  if (!holds) return toldOf(mark).endedAt === undefined ? undefined : mark;
  const sinks = sinksFor?.(mark.rule) ?? [];
  const { deliveries = [] } = mark;
  if (sinks.length === 0 && deliveries.length === 0) return mark;
  const hasHeard = (name: string) =>
    deliveries.some((delivery) => delivery.sink === name && wantsEnd(delivery));
  const started = sinks.map((sink) => ({
    ...begin(sink, 'RAISED', now, copyId),
    ...(hasHeard(sink) && { heard: true as const }),
  }));
  return { ...mark, deliveries: [...started, ...deliveries.filter(({ sink }) => !sinks.includes(sink))] };
}

function endTold(mark: StoredAlert, now: number, { copyId }: Sender): StoredAlert | undefined {
  const { deliveries = [] } = mark;
  const isOver = toldOf(mark).endedAt !== undefined && !isHappening(mark);
  const isDue = (delivery: StoredDelivery) => delivery.status !== 'PENDING' && wantsEnd(delivery);
  if (!isOver || !deliveries.some(isDue)) return undefined;
  const ended = deliveries.map((delivery) =>
    isDue(delivery) ? begin(delivery.sink, 'ENDED', now, copyId) : delivery,
  );
  return { ...mark, deliveries: ended };
}

/** Somebody heard that it began, and a silence withholds its end. */
export function owesEnd(mark: StoredAlert): boolean {
  return !isHappening(mark) && (mark.deliveries?.some(wantsEnd) ?? false);
}

/** It has heard that it began, and of no end since. */
function wantsEnd({ notice, status, heard }: StoredDelivery): boolean {
  return notice === 'RAISED' ? status === 'DELIVERED' || heard === true : status === 'PENDING';
}

function begin(sink: string, notice: StoredDelivery['notice'], now: number, copyId: string): PendingDelivery {
  return {
    ...{ sink, notice, failures: 0, status: 'PENDING' },
    ...{ since: now, nextAt: now, copyId, heldUntil: now + HOLD_MS },
  };
}

/** Nobody is sending it: whoever held it is gone. */
export function isFree({ heldUntil }: PendingDelivery, now: number): boolean {
  return heldUntil <= now || heldUntil - now > LONGEST_RETRY_MS + HOLD_MS;
}

export function claimDeliveries(ledger: Ledger, request: ClaimDeliveriesRequest): void {
  const { clock } = ledger;
  changePending(ledger, (delivery) => {
    const { sink, copyId, nextAt, heldUntil } = delivery;
    if (!request.sinks.includes(sink)) return isOverdue(delivery, clock) ? gaveUp(delivery) : undefined;
    const own = copyId === request.copyId;
    const wanted = own && heldUntil - clock < RENEW_BELOW_MS;
    if (!wanted && (own || !request.alone) && !isFree(delivery, clock)) return undefined;
    // Under a wrong clock it may have been put off to a moment that will not come soon.
    const next = Math.min(nextAt, clock + LONGEST_RETRY_MS);
    return {
      ...delivery,
      ...{ copyId: request.copyId, nextAt: next, heldUntil: Math.max(next, clock) + HOLD_MS },
    };
  });
}

export function recordDeliveries(
  ledger: Ledger,
  { copyId, results, release }: RecordDeliveriesRequest,
): void {
  for (const result of results) {
    changePending(ledger, (delivery, key, mark) => {
      const { sink, notice } = delivery;
      const { number, raisedAt } = toldOf(mark);
      const meant =
        (mark.epoch ?? ledger.epoch) === result.epoch &&
        key === result.key &&
        number === result.number &&
        raisedAt === result.raisedAt &&
        notice === result.notice;
      if (sink !== result.sink) return undefined;
      if (meant) return settled(delivery, result, copyId, ledger.clock);
      return heardBefore(delivery, key, mark.epoch ?? ledger.epoch, number, result);
    });
  }
  if (!release) return;
  // Not at once, so that somebody is woken for it.
  const heldUntil = ledger.clock + RELEASED_AFTER_MS;
  changePending(ledger, (delivery) =>
    delivery.copyId === copyId && delivery.heldUntil > heldUntil ? { ...delivery, heldUntil } : undefined,
  );
}

/** The one before was on its way when this notice came, and arrived. */
function heardBefore(
  delivery: PendingDelivery,
  key: string,
  epoch: number,
  number: number,
  result: DeliveryResult,
): StoredDelivery | undefined {
  const isEarlier = epoch === result.epoch && key === result.key && result.number < number;
  if (!isEarlier || result.notice !== 'RAISED' || result.retryInMs !== undefined) return undefined;
  return delivery.notice === 'RAISED' ? { ...delivery, heard: true } : undefined;
}

function settled(
  delivery: PendingDelivery,
  { retryInMs }: DeliveryResult,
  copyId: string,
  now: number,
): StoredDelivery | undefined {
  const { sink, notice, failures } = delivery;
  if (retryInMs === undefined) return { sink, notice, failures, status: 'DELIVERED' };
  // Another replica has taken it over and counts by itself.
  if (delivery.copyId !== copyId) return undefined;
  if (isOverdue(delivery, now)) return gaveUp({ ...delivery, failures: failures + 1 });
  const nextAt = now + Math.min(retryInMs, LONGEST_RETRY_MS);
  const since = Math.min(delivery.since, now);
  return { ...delivery, since, failures: failures + 1, nextAt, heldUntil: nextAt + HOLD_MS };
}

function gaveUp({ sink, notice, failures, heard }: PendingDelivery): StoredDelivery {
  return { sink, notice, failures, status: 'GAVE_UP', ...(heard && { heard }) };
}

function isOverdue({ since }: PendingDelivery, now: number): boolean {
  return now - since >= TRY_FOR_MS;
}

function changePending(
  { tables: { alerts } }: Ledger,
  change: (delivery: PendingDelivery, key: string, mark: StoredAlert) => StoredDelivery | undefined,
): void {
  for (const [key, mark] of [...alerts.entries()]) {
    let changed = false;
    const deliveries = mark.deliveries?.map((delivery) => {
      const after = delivery.status === 'PENDING' ? change(delivery, key, mark) : undefined;
      changed ||= after !== undefined;
      return after ?? delivery;
    });
    if (changed && deliveries !== undefined) alerts.set(key, { ...mark, deliveries });
  }
}

/** When another replica may take over what is not delivered; infinite if all is. */
export function nextTakeOver({ tables: { alerts }, clock, wakeAt }: Ledger): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const { deliveries } of alerts.values()) {
    for (const delivery of deliveries ?? []) {
      if (delivery.status !== 'PENDING') continue;
      // The earlier promise stands: a busy budget must not put it off for ever.
      const promised = wakeAt !== undefined && wakeAt > clock ? wakeAt : clock + LOOK_AGAIN_MS;
      earliest = Math.min(earliest, isFree(delivery, clock) ? promised : delivery.heldUntil);
    }
  }
  return earliest;
}
