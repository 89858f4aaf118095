import type { Ledger } from '../../src/domain/ledger/ledger.js';
import { standingOf } from '../../src/domain/ledger/standing.js';
import type { Receipt, StoredLease, StoredState, UsageDay } from '../../src/domain/model/state.js';
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

/** Grants are decided last in a batch: a top-up that was drawn on is in force, is for that AI, and has as much. */
export function checkTopUps(before: StoredState, after: StoredState, say: Say): void {
  checkSpent(before, after, say);
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
    const held = [...leases.values()].filter(({ topUpId }) => topUpId === lease.topUpId);
    const drawn = (topUp.spent ?? 0) + sum(held.map(unspent));
    say(drawn <= topUp.tokens, `${drawn} are drawn on ${lease.topUpId}, which had ${topUp.tokens}`);
  }
  for (const [id, { expiresAt, tokens, takenBack = 0 }] of topUps) {
    say(takenBack >= 0 && takenBack <= tokens, `${takenBack} of ${tokens} were taken back of ${id}`);
    say(expiresAt === undefined || takenBack === 0, `some of ${id} was taken back`);
  }
}

/** What leases spent or left presumed in this commit is taken from their top-ups: one by one, but where what had ended was settled. */
function checkSpent(before: StoredState, after: StoredState, say: Say): void {
  const spent = new Map<string, number>();
  const settled = new Set<string>();
  const add = ({ topUpId }: StoredLease, tokens: number) => {
    if (topUpId !== undefined) spent.set(topUpId, (spent.get(topUpId) ?? 0) + tokens);
  };
  for (const lease of before.sections.leases.values()) add(lease, -within(lease));
  for (const [key, lease] of after.sections.leases) {
    add(lease, within(lease));
    // What it had spent above its reservation counts in the windows, though it was raised over that since.
    const { reserved = lease.reserved } = before.sections.leases.get(key) ?? {};
    if (reserved < lease.reserved && reserved < lease.used) settled.add(lease.topUpId ?? '');
  }
  for (const [id, { body, revision }] of after.sections.outbox) {
    if (body.kind !== 'lease' || revision !== after.head.revision) continue;
    const { lease, presumed } = body;
    const hadEnded = lease.fence <= before.head.fence && !before.sections.leases.has(String(lease.fence));
    if (hadEnded || before.sections.outbox.has(id)) settled.add(lease.topUpId ?? '');
    else add(lease, within(lease) + presumed);
  }
  for (const [id, { spent: now = 0 }] of after.sections.topUps) {
    const had = before.sections.topUps.get(id);
    if (had === undefined || settled.has(id)) continue;
    const taken = now - (had.spent ?? 0);
    say(
      taken === (spent.get(id) ?? 0),
      `${taken} were taken from ${id}, and leases spent ${spent.get(id) ?? 0}`,
    );
  }
}

function within({ reserved, used }: StoredLease): number {
  return Math.min(reserved, used);
}

function unspent({ reserved, used }: StoredLease): number {
  return Math.max(0, reserved - used);
}

/**
 * At rest: what days count as topped is what leases from top-ups spent within their reservations, or left presumed; less what
 * corrections took, which take everything else first.
 */
export function checkToppedAtRest(
  epoch: number,
  receipts: ReadonlyMap<string, Receipt>,
  days: ReadonlyMap<string, UsageDay>,
  corrections: number,
): string[] {
  let spent = 0;
  // Of what a raise came to cover later, too.
  let overrun = 0;
  for (const { body, epoch: of } of receipts.values()) {
    if (body.kind === 'usage' && of === epoch) overrun += body.overrunTokens;
    if (body.kind !== 'lease' || of !== epoch || body.lease.topUpId === undefined) continue;
    const { fence, day, used, reserved } = body.lease;
    const presumed = days.get(day)?.presumedBy.get(String(fence))?.tokens ?? 0;
    spent += Math.min(used, reserved) + presumed;
    overrun += body.release?.overrunTokens ?? 0;
  }
  const topped = sum([...days.values()].map((day) => day.topped ?? 0));
  const isRight = topped <= spent && topped >= spent - corrections - overrun;
  return isRight
    ? []
    : [`epoch ${epoch}: ${topped} are topped, and leases spent ${spent}; ${corrections} were corrected`];
}
