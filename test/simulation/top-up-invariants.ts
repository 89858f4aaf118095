import { restOfOpen } from '../../src/domain/ledger/day-rest.js';
import type { Ledger } from '../../src/domain/ledger/ledger.js';
import { standingOf } from '../../src/domain/ledger/standing.js';
import { leaseReceiptId } from '../../src/domain/model/receipt-id.js';
import type {
  Receipt,
  StoredLease,
  StoredPresumed,
  StoredState,
  UsageDay,
} from '../../src/domain/model/state.js';
import { UNKNOWN } from '../../src/domain/model/types.js';
import { type Say, sum } from './say.js';

/** What must hold of top-ups, by books of their own: what was reserved from one never enters a window, and none is overdrawn. */

/** After every commit, of what is counted: sums of topped tokens, and windows without them. */
export function checkTopped(ledger: Ledger, say: Say): void {
  const { tables, month, exists } = ledger;
  for (const [day, totals] of tables.days.entries()) {
    const topped = totals.topped ?? 0;
    const parts = [
      totals.hours.map((hour) => hour.topped ?? 0),
      [...tables.toppedOfDay(tables.toppedAis, day).values()],
      [...tables.toppedOfDay(tables.toppedModels, day).values()],
    ];
    for (const part of parts) {
      say(sum(part) === topped, `${day}: ${part} do not add up to ${topped} topped`);
      say(Math.min(0, ...part) === 0, `${day}: topped tokens below zero`);
    }
    say(topped <= totals.total, `${day}: ${topped} of ${totals.total} are topped`);
  }
  if (!exists) return;
  const topped = sum(tables.toppedDays.values());
  for (const table of [tables.toppedAis, tables.toppedModels]) {
    const ofMonth = [...table.entries()].filter(([key]) => key.startsWith(`${month.key} `));
    say(sum(ofMonth.map(([, tokens]) => tokens)) === topped, 'topped tokens of the month do not add up');
  }
  const held = [...tables.leases.values()].filter(
    ({ day, topUpId }) => topUpId === undefined && day.startsWith(month.key),
  );
  // Those that are over hold what is presumed of them under CHARGE, and nothing else: they are closed by the next decision.
  const live = held.filter(({ expiresAt }) => expiresAt > ledger.clock);
  const { month: figures } = standingOf(ledger);
  const spent = sum(tables.dayTotals.values()) - topped;
  say(figures.spent === spent, `the month's window has ${figures.spent} spent, not ${spent}`);
  if (live.length < held.length) return;
  const reserved = sum(live.map(unspent));
  say(figures.reserved === reserved, `the month's window has ${figures.reserved} reserved, not ${reserved}`);
}

/** What watchers know of a commit beside the states before and after it. */
export interface CommittedTopUps {
  readonly before: StoredState;
  readonly after: StoredState;
  readonly receipt: (id: string) => Receipt | undefined;
  readonly document: (epoch: number, day: string) => UsageDay | undefined;
}

/** Grants are decided last in a batch: a top-up that was drawn on is in force, is for that AI, and has as much. */
export function checkTopUps({ before, after }: CommittedTopUps, ledger: Ledger, say: Say): void {
  const { leases, topUps } = after.sections;
  for (const [key, lease] of leases) {
    const earlier = before.sections.leases.get(key);
    if (lease.topUpId === undefined || earlier?.reserved === lease.reserved) continue;
    const topUp = topUps.get(lease.topUpId);
    say(topUp !== undefined, `lease ${key} draws on a top-up that is gone, ${lease.topUpId}`);
    if (topUp === undefined) continue;
    const { clock } = after.head;
    const wasEnded = before.sections.topUps.get(lease.topUpId)?.endedAt !== undefined;
    say(!wasEnded && clock < (topUp.expiresAt ?? 0), `lease ${key} draws on a top-up that has ended`);
    say(
      topUp.aiId === undefined || topUp.aiId === lease.aiId,
      `lease ${key} of ${lease.aiId} draws on a top-up of ${topUp.aiId}`,
    );
    const team = ledger.scopes?.teamOf(lease.aiId)?.id;
    say(
      topUp.teamId === undefined || topUp.teamId === team || earlier !== undefined,
      `lease ${key} of team ${team} draws on a top-up of ${topUp.teamId}`,
    );
    const held = [...leases.values()].filter(({ topUpId }) => topUpId === lease.topUpId);
    const drawn = (topUp.spent ?? 0) + sum(held.map(unspent));
    say(drawn <= topUp.tokens, `${drawn} are drawn on ${lease.topUpId}, which had ${topUp.tokens}`);
  }
  for (const [id, { expiresAt, tokens, takenBack = 0 }] of topUps) {
    say(takenBack >= 0 && takenBack <= tokens, `${takenBack} of ${tokens} were taken back of ${id}`);
    say(expiresAt === undefined || takenBack === 0, `some of ${id} was taken back`);
  }
}

type Sums = Map<string, number>;

function add(sums: Sums, key: string | undefined, tokens: number): void {
  if (key !== undefined && tokens !== 0) sums.set(key, (sums.get(key) ?? 0) + tokens);
}

/** A correction as the simulation's operator asked for it: its fingerprint says it. */
interface Correction {
  readonly day: string;
  readonly tokens: number;
  readonly aiId?: string;
  readonly model?: string;
}

/**
 * What leases from top-ups reported within their reservations, or left presumed, is what days count as topped, by AI, and what is
 * taken from their top-ups: to the token, commit by commit. Corrections alone take of it, once they have taken all else.
 */
export class ToppedBooks {
  /** By epoch and revision, what corrections took that was no longer presumed, by AI: a commit that was lost is followed by another. */
  private readonly taken = new Map<string, Sums>();

  commit(committed: CommittedTopUps, ledger: Ledger, say: Say): void {
    const { before, after } = committed;
    const { epoch, revision } = after.head;
    const [byAi, byTopUp] = changes(committed);
    const corrections = correctionsIn(after);
    const counted: Sums = new Map();
    for (const day of after.sections.days.keys()) {
      for (const [ai, tokens] of ledger.tables.toppedOfDay(ledger.tables.toppedAis, day))
        add(counted, ai, tokens);
      for (const [ai, tokens] of toppedBefore(committed, day)) add(counted, ai, -tokens);
    }
    const taken: Sums = new Map(byAi);
    for (const [ai, tokens] of counted) add(taken, ai, -tokens);
    this.taken.set(`${epoch} ${revision}`, taken);
    const most = sum(corrections.map(({ tokens }) => Math.max(0, -tokens)));
    for (const [ai, tokens] of taken)
      say(tokens >= 0 && tokens <= most, `${ai} has ${tokens} topped less than its leases spent`);
    const presumedTaken = sum(corrections.map(({ presumed }) => presumed));
    for (const [id, { spent = 0 }] of after.sections.topUps) {
      const had = before.sections.topUps.get(id);
      if (had === undefined) continue;
      const more = spent - (had.spent ?? 0) - (byTopUp.get(id) ?? 0);
      // What is corrected is not given back to the top-up.
      say(more >= 0 && more <= presumedTaken, `${more} more were taken from ${id} than its leases spent`);
    }
    if (sum(taken.values()) + presumedTaken > 0) checkOrder(committed, corrections, ledger, say);
  }

  /** At rest, of all that leases from top-ups ever reported, and of what is still presumed. */
  checkRest(
    { epoch, revision }: StoredState['head'],
    of: number,
    receipts: ReadonlyMap<string, Receipt>,
    days: ReadonlyMap<string, UsageDay>,
  ): string[] {
    const left: Sums = new Map();
    for (const { body, epoch: booked } of receipts.values()) {
      if (body.kind !== 'usage' || booked !== of || body.fence === undefined) continue;
      const lease = receipts.get(leaseReceiptId(of, body.fence))?.body;
      if (lease?.kind !== 'lease' || lease.lease.topUpId === undefined) continue;
      add(left, lease.lease.aiId, body.chargedTokens - body.overrunTokens);
    }
    for (const { presumedBy, toppedAis } of days.values()) {
      for (const { aiId, tokens, topped } of presumedBy.values()) if (topped) add(left, aiId, tokens);
      for (const [ai, tokens] of toppedAis) add(left, ai, -tokens);
    }
    for (const [key, taken] of this.taken) {
      const [ofEpoch, at] = key.split(' ').map(Number);
      if (ofEpoch !== of || (of === epoch && (at ?? 0) > revision)) continue;
      for (const [ai, tokens] of taken) add(left, ai, -tokens);
    }
    return [...left]
      .filter(([, tokens]) => tokens !== 0)
      .map(
        ([ai, tokens]) => `epoch ${of}: leases of ${ai} spent ${tokens} more from top-ups than days count`,
      );
  }
}

/** What a commit spent of leases from top-ups, and what it presumes more of them, by AI and by top-up. */
function changes({ before, after, receipt, document }: CommittedTopUps): [Sums, Sums] {
  const { epoch, revision } = after.head;
  const [byAi, byTopUp]: [Sums, Sums] = [new Map(), new Map()];
  const leaseOf = (fence: string): StoredLease | undefined => {
    const id = leaseReceiptId(epoch, Number(fence));
    const body = (after.sections.outbox.get(id) ?? receipt(id))?.body;
    const live = after.sections.leases.get(fence) ?? before.sections.leases.get(fence);
    return live ?? (body?.kind === 'lease' ? body.lease : undefined);
  };
  const count = (fence: string, tokens: number) => {
    const lease = leaseOf(fence);
    if (lease?.topUpId === undefined) return;
    add(byAi, lease.aiId, tokens);
    add(byTopUp, lease.topUpId, tokens);
  };
  for (const { body, revision: at } of after.sections.outbox.values()) {
    if (body.kind === 'usage' && at === revision && body.fence !== undefined)
      count(String(body.fence), body.chargedTokens - body.overrunTokens);
  }
  for (const day of after.sections.days.keys()) {
    for (const [fence, { tokens }] of presumedIn(after, day)) count(fence, tokens);
    const known = before.sections.days.has(day)
      ? presumedIn(before, day)
      : (document(epoch, day)?.presumedBy ?? []);
    for (const [fence, { tokens }] of known) count(fence, -tokens);
  }
  return [byAi, byTopUp];
}

function* presumedIn({ sections }: StoredState, day: string): Iterable<readonly [string, StoredPresumed]> {
  for (const [key, presumed] of sections.dayPresumed)
    if (key.startsWith(day)) yield [key.slice(day.length + 1), presumed];
}

function toppedBefore({ before, after, document }: CommittedTopUps, day: string): Sums {
  if (!before.sections.days.has(day)) return new Map(document(after.head.epoch, day)?.toppedAis ?? []);
  const topped: Sums = new Map();
  for (const [key, tokens] of before.sections.toppedAis)
    if (key.startsWith(`${day} `)) topped.set(key.slice(day.length + 1), tokens);
  return topped;
}

function correctionsIn({ head, sections }: StoredState): (Correction & { readonly presumed: number })[] {
  const found = [];
  for (const { body, revision } of sections.outbox.values()) {
    if (body.kind !== 'adjustment' || revision !== head.revision) continue;
    const asked = JSON.parse(body.fingerprint) as Omit<Correction, 'day'>;
    found.push({ ...asked, day: body.day, presumed: body.presumedTokens ?? 0 });
  }
  return found;
}

/** A commit that corrected one day and nothing else: what was topped went only where nothing else was left of whom it names. */
function checkOrder(
  { before, after, document }: CommittedTopUps,
  [only, ...more]: readonly Correction[],
  ledger: Ledger,
  say: Say,
): void {
  const { head, sections } = after;
  const changed = [...sections.outbox.values()].filter(({ revision }) => revision === head.revision);
  if (only === undefined || more.length > 0 || changed.length > 1 || head.fence > before.head.fence) return;
  const { day, aiId, model } = only;
  const toppedOf = (ofDay: Sums) => sum(ofDay.values());
  const now = ledger.tables.toppedOfDay(ledger.tables.toppedAis, day);
  if (toppedOf(now) === toppedOf(toppedBefore({ before, after, document, receipt: () => undefined }, day)))
    return;
  const rest = restOfOpen(ledger, day, false);
  const ofAi = aiId === undefined ? rest.total : (rest.ais.get(aiId) ?? 0);
  const ofModel = model === undefined ? rest.total : (rest.models.get(model) ?? 0);
  say(Math.min(rest.total, ofAi, ofModel) <= 0, `a correction of ${day} took what is topped before the rest`);
  if (model !== undefined && model !== UNKNOWN) return;
  for (const { topped, aiId: whose } of ledger.tables.presumedBy(day).values())
    say(
      topped === true || (aiId ?? whose) !== whose,
      `a correction of ${day} took what is topped before what is presumed`,
    );
}

function unspent({ reserved, used }: StoredLease): number {
  return Math.max(0, reserved - used);
}
