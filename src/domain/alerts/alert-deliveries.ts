import type { Ledger } from '../ledger/ledger.js';
import type { ClaimDeliveriesRequest, DeliveryResult, RecordDeliveriesRequest } from '../model/requests.js';
import type { PendingDelivery, StoredAlert, StoredDelivery } from '../model/state.js';

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

/** Notes for every alert that was raised or ended since the last commit who must be told; the committing replica sends. */
export function addressAlerts({ tables: { alerts }, clock }: Ledger, sender: Sender): void {
  if (!alerts.touched) return;
  for (const key of alerts.changedKeys()) {
    const mark = alerts.get(key);
    if (mark === undefined) continue;
    const deliveries = addressed(mark, clock, sender);
    if (deliveries !== undefined) alerts.set(key, { ...mark, deliveries });
  }
}

function addressed(
  mark: StoredAlert,
  now: number,
  { copyId, sinksFor }: Sender,
): readonly StoredDelivery[] | undefined {
  const begin = (sink: string, notice: StoredDelivery['notice']): PendingDelivery => ({
    ...{ sink, notice, failures: 0, status: 'PENDING' },
    ...{ since: now, nextAt: now, copyId, heldUntil: now + HOLD_MS },
  });
  const { deliveries, endedAt } = mark;
  if (deliveries === undefined) {
    // An alert that ends without them was raised when nobody was to be told.
    const isNew = endedAt === undefined || isHappening(mark);
    const sinks = isNew ? (sinksFor?.(mark.rule) ?? []) : [];
    return sinks.length === 0 ? undefined : sinks.map((sink) => begin(sink, 'RAISED'));
  }
  const toldTheStart = ({ notice, status }: StoredDelivery) => notice === 'RAISED' && status === 'DELIVERED';
  if (endedAt === undefined || isHappening(mark) || !deliveries.some(toldTheStart)) return undefined;
  return deliveries.map((delivery) => (toldTheStart(delivery) ? begin(delivery.sink, 'ENDED') : delivery));
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
    changePending(ledger, (delivery, key, { raisedAt, epoch = ledger.epoch }) => {
      const { sink, notice } = delivery;
      const meant =
        epoch === result.epoch &&
        key === result.key &&
        raisedAt === result.raisedAt &&
        notice === result.notice;
      return meant && sink === result.sink ? settled(delivery, result, copyId, ledger.clock) : undefined;
    });
  }
  if (!release) return;
  // Not at once, so that somebody is woken for it.
  const heldUntil = ledger.clock + RELEASED_AFTER_MS;
  changePending(ledger, (delivery) =>
    delivery.copyId === copyId && delivery.heldUntil > heldUntil ? { ...delivery, heldUntil } : undefined,
  );
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

function gaveUp({ sink, notice, failures }: PendingDelivery): StoredDelivery {
  return { sink, notice, failures, status: 'GAVE_UP' };
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
