import { restOfOpen } from '../../src/domain/ledger/day-rest.js';
import type { Ledger } from '../../src/domain/ledger/ledger.js';
import type { LedgerTables } from '../../src/domain/ledger/ledger-tables.js';
import { standingOf } from '../../src/domain/ledger/standing.js';
import type { StoredChange } from '../../src/domain/model/changes.js';
import { policyInForce } from '../../src/domain/model/policy.js';
import { leaseReceiptId } from '../../src/domain/model/receipt-id.js';
import type {
  ClosedLease,
  Receipt,
  StoredDay,
  StoredLease,
  StoredPolicy,
  StoredState,
  UsageDay,
} from '../../src/domain/model/state.js';
import { UNKNOWN } from '../../src/domain/model/types.js';
import { exceededScopes, wrongScopes } from '../support/scope-books.js';
import { checkChanges } from './change-invariants.js';
import { checkMeasured, checkSafe } from './extremes.js';
import { checkPacing } from './pacing-invariants.js';
import { checkPairs } from './pair-invariants.js';
import { type Say, sum } from './say.js';
import { MAX_SKEW_MS } from './sim-clock.js';
import { checkTopped, checkTopUps, type ToppedBooks } from './top-up-invariants.js';

/** How far a replica's idea of the store's time may be ahead of it: half of the slowest round trip that counts, and drift. */
export const CLOCK_SLACK_MS = 1_500;

/** What holds in some runs only. */
export interface Promises {
  /** Pacing FLOOR under an unchanged policy, and demand within its reservations: every day finds its minimum. */
  readonly floor: boolean;
  readonly clockWasReset: boolean;
}

export interface Committed {
  readonly before: StoredState | undefined;
  readonly after: StoredState;
  /** Of the state after it. */
  readonly ledger: Ledger;
  readonly receipt: (id: string) => Receipt | undefined;
  readonly change: (number: number) => StoredChange | undefined;
  readonly document: (epoch: number, day: string) => UsageDay | undefined;
  readonly topped: ToppedBooks;
  /** The latest that the store has believed it to be. */
  readonly latestTime: number;
  /** No slot may be granted at a later time: the budget's clock is ahead, and everybody can know. */
  readonly latestGrant: number;
  readonly promises: Promises;
  /** Streams of sessions that have ended. */
  readonly brokenStreams: ReadonlySet<string>;
  /** The size of the state is held against that of its document. */
  readonly measured: boolean;
}

/** What must hold after every commit. Each violation is a sentence. */
export function checkCommit(committed: Committed): string[] {
  const { before, after, ledger, latestTime, promises } = committed;
  const wrong: string[] = [];
  const say = (holds: boolean, what: string) => {
    if (!holds) wrong.push(`revision ${after.head.revision}: ${what}`);
  };
  say(after.head.revision === (before?.head.revision ?? 0) + 1, 'the revision did not rise by one');
  say(after.head.fence >= (before?.head.fence ?? 0), 'the fence went back');
  say(after.head.epoch >= (before?.head.epoch ?? 0), 'the epoch went back');
  const recreated = before?.head.deleted === true && !after.head.deleted;
  say(
    !recreated || after.head.epoch > before.head.epoch,
    'a recreated budget has the epoch of the one before',
  );
  say(after.head.clock <= latestTime + CLOCK_SLACK_MS, 'decided by a time that the store never told');
  if (!promises.clockWasReset) say(after.head.clock >= (before?.head.clock ?? 0), 'the clock went back');
  checkSums(ledger, say);
  checkTopped(ledger, say);
  checkSafe(ledger, say);
  if (committed.measured) checkMeasured(ledger, after, say);
  checkChanges({ before, after, written: committed.change }, say);
  checkPacing(ledger, after, say);
  checkLeases(committed, say);
  checkUnit(before, ledger, say);
  checkCooldowns(committed, say);
  for (const sentence of wrongScopes(ledger, [], { ofDay: true, ofMonth: false })) say(false, sentence);
  if (before !== undefined && before.head.epoch === after.head.epoch) {
    checkGrants(before, ledger, say);
    const ofTopUps = { ...committed, before };
    checkTopUps(ofTopUps, ledger, say);
    committed.topped.commit(ofTopUps, ledger, say);
    const granted = after.head.fence > before.head.fence;
    const ahead = after.head.clock > committed.latestGrant + MAX_SKEW_MS + CLOCK_SLACK_MS;
    say(!granted || !ahead, "granted although the budget's clock is ahead");
  }
  if (promises.floor && ledger.exists) {
    const { cap } = standingOf(ledger).day;
    say(cap.tokens >= ledger.allowance.dailyMin, `the day's cap ${cap.tokens} is below its minimum`);
  }
  return wrong;
}

function checkSums(ledger: Ledger, say: Say): void {
  const { tables, exists } = ledger;
  for (const [day, totals] of tables.days.entries()) {
    const hours = sum(totals.hours.map(({ tokens }) => tokens));
    const ais = sum(tables.ofDay(tables.dayAis, day).values());
    const models = tables.ofDay(tables.dayModels, day);
    say(hours === totals.total, `${day}: hours ${hours} != day ${totals.total}`);
    say(ais === totals.total, `${day}: AIs ${ais} != day ${totals.total}`);
    say(sum(models.values()) === totals.total, `${day}: models != day ${totals.total}`);
    say(totals.presumed <= (models.get(UNKNOWN) ?? 0), `${day}: more presumed than unknown`);
    const byLease = sum([...tables.presumedBy(day).values()].map(({ tokens }) => tokens));
    say(byLease === totals.presumed, `${day}: by lease ${byLease} presumed, of the day ${totals.presumed}`);
    for (const isTopped of [false, true]) {
      const rest = restOfOpen(ledger, day, isTopped);
      const hoursOf = rest.hours.map(({ tokens }) => tokens);
      for (const of of [...rest.ais.values(), ...rest.models.values(), ...hoursOf])
        say(of >= 0, `${day}: taken from what is presumed of a lease, or what was topped`);
    }
    checkPairs(tables, day, say);
    checkCalls(day, totals, tables.callsOfDay(day), say);
    say(totals.presumed >= 0 && totals.total >= 0 && totals.late >= 0, `${day}: below zero`);
    for (const { tokens } of totals.hours) say(tokens >= 0, `${day}: an hour below zero`);
  }
  if (!exists) return;
  const month = sum(tables.dayTotals.values());
  say(sum(tables.monthAis.values()) === month, 'AIs of the month do not add up');
  say(sum(tables.monthModels.values()) === month, 'models of the month do not add up');
  for (const [day, tokens] of tables.dayTotals.entries()) {
    const open = tables.days.get(day);
    say(open === undefined || open.total === tokens, `${day}: month and day disagree`);
  }
}

function checkCalls(
  day: string,
  { calls = 0, failedCalls = 0 }: StoredDay,
  { aiCalls, modelCalls }: ReturnType<LedgerTables['callsOfDay']>,
  say: Say,
): void {
  for (const parts of [[...aiCalls.values()], [...modelCalls.values()]]) {
    say(sum(parts.map((part) => part.calls)) === calls, `${day}: calls do not add up to ${calls}`);
    const failed = sum(parts.map((part) => part.failedCalls));
    say(failed === failedCalls && failed <= calls, `${day}: ${failed} failed calls, not ${failedCalls}`);
  }
}

/** The life of a lease: granted once, renewed forwards, ended once, and never live again. */
function checkLeases(committed: Committed, say: Say): void {
  const { before, after, receipt, promises } = committed;
  const { epoch, clock, fence: highest } = after.head;
  const leases = after.sections.leases;
  for (const lease of leases.values()) {
    say(lease.expiresAt > clock, `lease ${lease.fence} is live after its end`);
    say(lease.expiresAt <= lease.renewableUntil, `lease ${lease.fence} outlives its longest life`);
    say(lease.fence <= highest, `lease ${lease.fence} has a fence that was not given yet`);
    say(
      !after.sections.outbox.has(leaseReceiptId(epoch, lease.fence)),
      `lease ${lease.fence} is live and closed`,
    );
    const earlier = before?.sections.leases.get(String(lease.fence));
    if (earlier === undefined || before?.head.epoch !== epoch) continue;
    say(lease.used >= earlier.used, `lease ${lease.fence} forgot what it used`);
    say(lease.reserved >= earlier.reserved, `lease ${lease.fence} lost its reservation`);
    const shortened = lease.expiresAt < earlier.expiresAt && !promises.clockWasReset;
    say(!shortened || mayShorten(committed, earlier, lease), `lease ${lease.fence} was shortened`);
    const sameSession = lease.session?.id === earlier.session?.id;
    const sameOwner = lease.session?.owner === earlier.session?.owner;
    say(!sameSession || sameOwner, `lease ${lease.fence} of a session was taken by another principal`);
  }
  for (const [key, lease] of before?.sections.leases ?? []) {
    if (!leases.has(key)) checkEnd(lease, after, before?.head.epoch ?? epoch, say);
  }
  for (const [id, { body, revision }] of after.sections.outbox) {
    if (body.kind !== 'lease' || revision !== after.head.revision) continue;
    const earlier = before?.sections.outbox.get(id) ?? receipt(id);
    if (earlier?.body.kind === 'lease') checkChangedEnd(earlier.body, body, say);
  }
}

/** Only the end of a stream that carries it, and never to less than the grace. In one commit another may take it up then. */
function mayShorten(
  { before, after, brokenStreams }: Committed,
  earlier: StoredLease,
  { session, expiresAt }: StoredLease,
): boolean {
  const streams = [earlier.session, session].map((ref) => ref?.stream);
  if (!streams.some((stream) => stream !== undefined && brokenStreams.has(stream))) return false;
  const graces = [before, after].map((state) => state && graceOf(state));
  const least = Math.min(...graces.filter((grace) => grace !== undefined));
  return expiresAt >= (before?.head.clock ?? 0) + least;
}

function graceOf(state: StoredState): number {
  return policyOf(state).sessionGraceMs;
}

function policyOf({ sections }: StoredState) {
  const { fields } = sections.settings.get('policy') as StoredPolicy;
  return policyInForce(fields);
}

/** Whatever ends leaves its receipt in the same commit; but for a grant that nobody received, which is as if it had not been. */
function checkEnd(lease: StoredLease, after: StoredState, epoch: number, say: Say): void {
  const receipt = after.sections.outbox.get(leaseReceiptId(epoch, lease.fence));
  const undone = receipt === undefined && lease.used === 0;
  say(undone || receipt?.body.kind === 'lease', `lease ${lease.fence} ended without a receipt`);
  if (receipt?.body.kind !== 'lease') return;
  const { presuming, release, status, presumed, lease: last } = receipt.body;
  // Not of one that had run out before, nor of one that was settled in the same commit.
  if (presuming === undefined || release !== undefined || status !== 'RELEASED') return;
  const left = Math.max(0, last.reserved - last.used);
  say(presumed === left, `lease ${lease.fence} left ${left} unreported, and ${presumed} are presumed`);
}

/** A cooldown comes back for a slot that is unused, and not twice within it. */
function checkCooldowns({ before, after, promises }: Committed, say: Say): void {
  const { epoch } = after.head;
  for (const [ai, { cooldownFrom, unusedAt, grants }] of after.sections.ais) {
    const earlier = before?.sections.ais.get(ai);
    const isBack = cooldownFrom !== undefined && cooldownFrom !== earlier?.cooldownFrom;
    if (isBack && earlier?.unusedAt !== undefined && !promises.clockWasReset) {
      const cooldownMs = Math.min(...[before as StoredState, after].map((of) => policyOf(of).cooldownMs));
      const sinceMs = (unusedAt ?? 0) - earlier.unusedAt;
      say(
        sinceMs >= cooldownMs,
        `${ai} got its cooldown back ${sinceMs} ms after it gave a slot back unused`,
      );
    }
    if (cooldownFrom === undefined) continue;
    const receipt = after.sections.outbox.get(leaseReceiptId(epoch, grants.at(-2) ?? 0));
    const used = receipt?.body.kind === 'lease' ? receipt.body.lease.used : 0;
    say(used === 0, `${ai} has the cooldown back of a slot that used ${used}`);
  }
}

/** What is counted is counted in one unit: it changes only where nothing is. */
function checkUnit(before: StoredState | undefined, ledger: Ledger, say: Say): void {
  if (!ledger.exists) return;
  const { unit } = ledger.policy;
  for (const [day, totals] of ledger.tables.days.entries()) {
    const { total, unit: counted = 'tokens' } = totals;
    say(total === 0 || counted === unit, `${day} counts ${counted} in a budget of ${unit}`);
  }
  if (before === undefined || before.head.deleted || before.head.epoch !== ledger.epoch) return;
  if (policyOf(before).unit === unit) return;
  const { leases, dayTotals } = before.sections;
  // Those that ended before it in the same commit are no reason to keep the unit.
  const lived = [...leases.keys()].some((fence) => ledger.tables.leases.has(fence));
  say(!lived, `the unit became ${unit} while leases lived`);
  say(sum(dayTotals.values()) === 0, `the unit became ${unit} in a month with usage`);
}

/** Between a release and an expiry there is one winner, whatever comes late. */
function checkChangedEnd(earlier: ClosedLease, later: ClosedLease, say: Say): void {
  const { fence } = later.lease;
  say(earlier.status === later.status, `lease ${fence} was ${earlier.status} and then ${later.status}`);
  say(earlier.closedAt === later.closedAt, `lease ${fence} ended twice`);
  say(earlier.lease.used <= later.lease.used, `closed lease ${fence} forgot what it used`);
  say(earlier.presumed >= later.presumed, `closed lease ${fence} presumes more than before`);
  const same = JSON.stringify(earlier.release) === JSON.stringify(later.release);
  say(earlier.release === undefined || same, `lease ${fence} was released twice`);
}

/** Grants are decided last in a batch, so what held at the last of them holds after it. */
function checkGrants(before: StoredState, ledger: Ledger, say: Say): void {
  const granted = [...ledger.tables.leases.values()].filter(
    (lease) => !before.sections.leases.has(String(lease.fence)),
  );
  for (const lease of granted) say(lease.fence > before.head.fence, `fence ${lease.fence} did not rise`);
  if (granted.length === 0) return;
  say(ledger.pause === undefined, 'granted while paused');
  const { minEstimate } = ledger.policy;
  for (const { fence, reserved } of granted)
    say(reserved >= minEstimate, `lease ${fence} reserves ${reserved}, less than the least, ${minEstimate}`);
  if (ledger.policy.mode === 'OBSERVE') return;
  const { slots, policy, allowance } = ledger;
  say(slots.live <= policy.maxConcurrent, `${slots.live} live slots of ${policy.maxConcurrent}`);
  checkKeptSlots(ledger, say);
  for (const { aiId } of granted) {
    const live = slots.liveOf(aiId);
    say(live <= policy.maxConcurrentPerAi, `${aiId} holds ${live} slots of ${policy.maxConcurrentPerAi}`);
  }
  const standing = standingOf(ledger);
  // What came from a top-up is granted whatever the windows hold.
  const fromCaps = granted.filter(({ topUpId }) => topUpId === undefined);
  if (fromCaps.length === 0) return;
  for (const sentence of exceededScopes(ledger, standing, fromCaps)) say(false, sentence);
  const { hour, day, month } = standing;
  say(
    hour.spent + hour.reserved <= allowance.hourlyMax,
    `hour ${hour.spent} + ${hour.reserved} above its cap`,
  );
  say(
    day.spent + day.reserved <= day.cap.tokens,
    `day ${day.spent} + ${day.reserved} above ${day.cap.tokens}`,
  );
  say(
    month.spent + month.reserved <= allowance.enforced,
    `month ${month.spent} + ${month.reserved} above its cap`,
  );
}

/** After the last grant those slots are left that other teams are guaranteed. */
function checkKeptSlots({ tables, policy, scopes, slots }: Ledger, say: Say): void {
  const last = [...tables.leases.values()].reduce((a, b) => (b.fence > a.fence ? b : a));
  const own = scopes?.teamOf(last.aiId)?.id;
  const kept = [...policy.teams].map(([team, { guaranteedSlots }]) => {
    const live = [...tables.leases.values()].filter(({ aiId }) => scopes?.teamOf(aiId)?.id === team);
    return team === own ? 0 : Math.max(0, guaranteedSlots - live.length);
  });
  say(
    slots.live + sum(kept) <= policy.maxConcurrent,
    `${slots.live} live slots, and ${sum(kept)} kept for others`,
  );
}
