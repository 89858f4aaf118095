import { BOUNDS } from '../../src/arbiter/bounds.js';
import { Ledger } from '../../src/domain/ledger/ledger.js';
import { parseLeaseId } from '../../src/domain/model/lease-id.js';
import { REMEMBERED_REQUESTS } from '../../src/domain/model/limits.js';
import { leaseReceiptId } from '../../src/domain/model/receipt-id.js';
import type { Receipt, StoredState, UsageDay } from '../../src/domain/model/state.js';
import type { CallCount } from '../../src/domain/model/types.js';
import { usageDayOf } from '../../src/domain/reads.js';
import type { BudgetStore } from '../../src/store/store.js';
import { checkNoticesAtRest } from './alert-invariants.js';
import { changesAtRest } from './change-invariants.js';
import type { Journal } from './journal.js';
import { checkPastDay, inWindow, pastWindow } from './pacing-invariants.js';
import { sum } from './say.js';
import { BUDGET, type SimWorld } from './sim-world.js';

/** What must hold when everything has come to rest: the books, from receipts, days and what clients were told. */
export async function checkRest(world: SimWorld, journal: Journal): Promise<string[]> {
  const { store, time, replicas, sink, presumed, topped } = world;
  const state = await store.load(BUDGET);
  if (state === undefined) return ['the budget is gone'];
  const wrong: string[] = [];
  const receipts = new Map<string, Receipt>();
  for (const receipt of await store.listReceipts(BUDGET, '', '', 1_000_000))
    receipts.set(receipt.id, receipt);
  for (let epoch = 1; epoch <= state.head.epoch; epoch += 1) {
    const booked = bookedIn(epoch, receipts, journal);
    const days = await daysOf(store, state, epoch, wrong);
    const spent = exactSum([...days.values()].map((day) => day.total - day.presumed));
    if (booked !== spent) wrong.push(`epoch ${epoch}: receipts say ${booked}, days say ${spent}`);
    checkCalls(epoch, receipts, days, wrong);
    wrong.push(...topped.checkRest(state.head, epoch, receipts, days));
    checkPresumed({ epoch, receipts, days, presumed, journal }, wrong);
  }
  checkUsages(receipts, journal, wrong);
  checkLeases(state, receipts, journal, wrong);
  await checkPastDays(store, state, wrong);
  wrong.push(...(await changesAtRest(store, BUDGET, state)));
  await checkDenials(world, state.head.epoch, wrong);
  checkSize(state, time.now, wrong);
  wrong.push(...sink.checkRest(BUDGET, state), ...checkNoticesAtRest(state, time.now));
  for (const { arbiter } of replicas) {
    // A day that closed just now was worth a look.
    const quiet = time.now - state.head.clock > BOUNDS.idleMs;
    if (arbiter.size > 0 && quiet) wrong.push(`a replica at rest keeps ${arbiter.size} budget in memory`);
    if (arbiter.counts.waiters !== 0)
      wrong.push(`a replica at rest counts ${arbiter.counts.waiters} waiters`);
  }
  return wrong;
}

/** What is remembered of closed days is what their documents say, and no day that was used is forgotten. */
async function checkPastDays(store: BudgetStore, state: StoredState, wrong: string[]): Promise<void> {
  const { epoch, zone, learnedFor, deleted } = state.head;
  if (deleted && state.sections.pastDays.size > 0) wrong.push('a deleted budget remembers days');
  if (learnedFor === undefined || deleted) return;
  const [last = '', first = ''] = pastWindow(learnedFor);
  for (const document of await store.readDays(BUDGET, epoch, first, last)) {
    const { day } = document;
    if (state.sections.days.has(day) || inWindow(document).total === 0) continue;
    const past = state.sections.pastDays.get(day);
    // A day that was marked after it had been written out is known as such by the past days alone (`markRefused`).
    const refused = document.refused || past?.refused === true;
    checkPastDay(day, past, { ...document, refused }, zone, (holds, what) => {
      if (!holds) wrong.push(what);
    });
  }
}

/** Each denial is counted once, of its hour and of its AI, whatever became of the writes; but for the last before a budget was deleted. */
async function checkDenials(
  { store, replicas, epochs }: SimWorld,
  epoch: number,
  wrong: string[],
): Promise<void> {
  if (epochs > 0) return;
  const counted = await store.readDenials(BUDGET, epoch, 0, Number.MAX_SAFE_INTEGER);
  for (const { arbiter, denials, copyId } of replicas) {
    const own = counted.filter(({ writer }) => writer.startsWith(`${arbiter['context'].denied.writer}-`));
    for (const kind of ['denied', 'wouldDeny'] as const) {
      const ofHours = sum(own.map((record) => record[kind]));
      const ofAis = sum(own.flatMap(({ ais }) => [...ais.values()].map((ai) => ai[kind])));
      if (ofHours !== denials[kind] || ofAis !== denials[kind])
        wrong.push(
          `${copyId}: ${denials[kind]} were ${kind}; counted are ${ofHours} by hour, ${ofAis} by AI`,
        );
    }
  }
}

/**
 * Reports and adjustments; where these took presumed tokens away, reports and adjustments come to that much less. Of several
 * months it may be more than a number counts exactly.
 */
function bookedIn(epoch: number, receipts: ReadonlyMap<string, Receipt>, journal: Journal): bigint {
  let booked = 0n;
  for (const { id, body, epoch: of } of receipts.values()) {
    if (of !== epoch) continue;
    if (body.kind === 'usage') booked += BigInt(body.chargedTokens);
    if (body.kind !== 'adjustment') continue;
    booked += BigInt(journal.adjustments.get(id.split(':a:')[1] ?? '') ?? 0);
    booked += BigInt(body.presumedTokens ?? 0);
  }
  return booked;
}

/** Each report counts once, whatever became of it, by its model and in all; and nothing else counts. */
function checkCalls(
  epoch: number,
  receipts: ReadonlyMap<string, Receipt>,
  days: ReadonlyMap<string, UsageDay>,
  wrong: string[],
): void {
  const reported = new CallSums();
  for (const { body, epoch: of } of receipts.values()) {
    if (of !== epoch || body.kind !== 'usage') continue;
    const { calls = 1, failed, model } = body;
    const count = { calls, failedCalls: failed ? calls : 0 };
    reported.add('in all', count);
    reported.add(model === '' ? '(unspecified)' : model, count);
  }
  const counted = new CallSums();
  for (const { calls = 0, failedCalls = 0, modelCalls = new Map() } of days.values()) {
    counted.add('in all', { calls, failedCalls });
    for (const [model, count] of modelCalls) counted.add(model, count);
  }
  const [said, found] = [reported.text, counted.text];
  if (said !== found) wrong.push(`epoch ${epoch}: calls by receipts ${said}, by days ${found}`);
}

class CallSums {
  private readonly sums = new Map<string, CallCount>();

  add(name: string, { calls, failedCalls }: CallCount): void {
    const before = this.sums.get(name) ?? { calls: 0, failedCalls: 0 };
    const sum = { calls: before.calls + calls, failedCalls: before.failedCalls + failedCalls };
    if (sum.calls > 0) this.sums.set(name, sum);
  }

  get text(): string {
    const sorted = [...this.sums].sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.map(([name, { calls, failedCalls }]) => `${name} ${calls}/${failedCalls}`).join(', ');
  }
}

interface Presumption {
  readonly epoch: number;
  readonly receipts: ReadonlyMap<string, Receipt>;
  readonly days: ReadonlyMap<string, UsageDay>;
  readonly presumed: ReadonlyMap<string, number>;
  readonly journal: Journal;
}

/** Of each lease stands what was presumed of it, less what it reported after its end, what its release freed, and corrections. */
function checkPresumed({ epoch, receipts, days, presumed, journal }: Presumption, wrong: string[]): void {
  const late = new Map<number, number>();
  for (const { body, epoch: of } of receipts.values()) {
    if (body.kind !== 'usage' || of !== epoch || !body.late || body.fence === undefined) continue;
    late.set(body.fence, (late.get(body.fence) ?? 0) + body.chargedTokens);
  }
  for (const [id, { body, epoch: of }] of receipts) {
    if (body.kind !== 'lease' || of !== epoch) continue;
    const { fence, day, aiId } = body.lease;
    const stands = days.get(day)?.presumedBy.get(String(fence))?.tokens ?? 0;
    const freed = (body.release?.freedTokens ?? 0) > 0 && (body.status !== 'RELEASED' || body.presuming);
    const most = freed ? 0 : Math.max(0, (presumed.get(id) ?? 0) - (late.get(fence) ?? 0));
    const corrected = journal.corrected.has(`${day} ${aiId}`) || journal.corrected.has(`${day} `);
    if (stands > most || (stands < most && !corrected))
      wrong.push(`lease ${fence} of ${aiId}: ${stands} are presumed in ${day}, and it must be ${most}`);
  }
}

async function daysOf(
  inner: BudgetStore,
  state: StoredState,
  epoch: number,
  wrong: string[],
): Promise<ReadonlyMap<string, UsageDay>> {
  const days = new Map<string, UsageDay>();
  for (const document of await inner.readDays(BUDGET, epoch, '0000', '9999')) {
    const { day, total, hours, ais, models, presumed, presumedBy } = document;
    days.set(day, document);
    if (sum([...presumedBy.values()].map(({ tokens }) => tokens)) !== presumed)
      wrong.push(`document of ${day}: presumed by lease does not add up`);
    if (sum(hours.map(({ tokens }) => tokens)) !== total)
      wrong.push(`document of ${day}: hours do not add up`);
    if (sum(ais.values()) !== total) wrong.push(`document of ${day}: AIs do not add up`);
    if (sum(models.values()) !== total) wrong.push(`document of ${day}: models do not add up`);
  }
  if (epoch !== state.head.epoch) return days;
  const ledger = Ledger.of(BUDGET, state);
  for (const [day, totals] of state.sections.days) {
    const { total } = totals;
    if ((days.get(day)?.total ?? 0) !== total)
      wrong.push(`document of ${day}: ${days.get(day)?.total} is not the state's ${total}`);
    days.set(day, usageDayOf(ledger, day, totals));
  }
  for (const [day, total] of state.sections.dayTotals) {
    if (days.get(day)?.total !== total)
      wrong.push(`month says ${total} of ${day}, its document ${days.get(day)?.total}`);
  }
  return days;
}

function exactSum(values: Iterable<number>): bigint {
  let total = 0n;
  for (const value of values) total += BigInt(value);
  return total;
}

function checkUsages(receipts: ReadonlyMap<string, Receipt>, journal: Journal, wrong: string[]): void {
  // In each epoch, an id stands for another usage.
  const charges = new Map<string, number[]>();
  for (const { id, body } of receipts.values()) {
    const usage = id.slice(id.indexOf(':u:') + 3);
    if (body.kind === 'usage') charges.set(usage, [...(charges.get(usage) ?? []), body.chargedTokens]);
  }
  for (const [usage, charged] of journal.usages) {
    const booked = charges.get(usage);
    if (booked === undefined) wrong.push(`usage ${usage} was acknowledged and is lost`);
    else if (!booked.includes(charged))
      wrong.push(`usage ${usage} was answered ${charged} and booked ${booked}`);
  }
}

/** Every lease that a caller got is accounted for; the usage of each is what its receipts say. */
function checkLeases(
  state: StoredState,
  receipts: ReadonlyMap<string, Receipt>,
  journal: Journal,
  wrong: string[],
): void {
  if (state.sections.leases.size > 0) wrong.push(`${state.sections.leases.size} leases are live at rest`);
  for (const [leaseId, { fence }] of journal.granted) {
    const epoch = parseLeaseId(leaseId)?.epoch ?? 0;
    const body = receipts.get(leaseReceiptId(epoch, fence))?.body;
    if (body?.kind !== 'lease' || body.lease.leaseId !== leaseId)
      wrong.push(`lease ${leaseId} was granted and is lost`);
  }
  const reported = new Map<string, number>();
  for (const { body, epoch } of receipts.values()) {
    if (body.kind !== 'usage' || body.fence === undefined) continue;
    const key = leaseReceiptId(epoch, body.fence);
    reported.set(key, (reported.get(key) ?? 0) + body.chargedTokens);
  }
  for (const [id, { body }] of receipts) {
    if (body.kind !== 'lease' || body.lease.used === (reported.get(id) ?? 0)) continue;
    wrong.push(`lease ${body.lease.fence} used ${body.lease.used}, its reports say ${reported.get(id) ?? 0}`);
  }
}

/** Nothing grows without bound. */
function checkSize({ head, sections }: StoredState, now: number, wrong: string[]): void {
  if (sections.outbox.size > 0) wrong.push(`${sections.outbox.size} receipts are still in the state at rest`);
  if (sections.alerts.size > 60) wrong.push(`${sections.alerts.size} alert marks`);
  for (const [ai, { grants }] of sections.ais)
    if (grants.length > 3 * 2 * REMEMBERED_REQUESTS)
      wrong.push(`${grants.length / 3} grants of ${ai} are remembered`);
  for (const [id, { month = '', expiresAt = 0, endedAt = expiresAt, settleUntil = 0 }] of sections.topUps) {
    const isOver =
      month < head.month.key && Math.max(endedAt, settleUntil) + 60_000 < Math.min(now, head.clock);
    if (isOver && !head.deleted) wrong.push(`top-up ${id} is over and still in the state`);
  }
  for (const [day, { end, settleUntil }] of sections.days) {
    if (Math.max(end, settleUntil) + 60_000 < Math.min(now, head.clock))
      wrong.push(`${day} is over and still in the state`);
  }
  const late = now - (head.wakeAt ?? now);
  if (late > 30_000 && !head.deleted) wrong.push(`the budget wanted attention ${late} ms ago`);
}
