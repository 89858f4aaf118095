import { Ledger } from '../../src/domain/ledger.js';
import { standingOf } from '../../src/domain/standing.js';
import type { Receipt, StoredState } from '../../src/domain/state.js';
import { UNKNOWN } from '../../src/domain/types.js';
import type { BudgetStore } from '../../src/store/store.js';
import { BUDGET } from './sim-world.js';

/** What must hold after every commit. Each violation is a sentence. */
export function checkCommit(budgetId: string, before: StoredState | undefined, after: StoredState): string[] {
  const wrong: string[] = [];
  const say = (holds: boolean, what: string) => {
    if (!holds) wrong.push(`revision ${after.head.revision}: ${what}`);
  };
  say(after.head.revision === (before?.head.revision ?? 0) + 1, 'the revision did not rise by one');
  say(after.head.fence >= (before?.head.fence ?? 0), 'the fence went back');
  say(after.head.epoch >= (before?.head.epoch ?? 0), 'the epoch went back');
  const ledger = Ledger.of(budgetId, after);
  checkSums(ledger, say);
  if (before !== undefined && before.head.epoch === after.head.epoch) checkGrants(before, ledger, say);
  return wrong;
}

type Say = (holds: boolean, what: string) => void;

function checkSums({ tables, exists }: Ledger, say: Say): void {
  for (const [day, totals] of tables.days.entries()) {
    const hours = sum(totals.hours.map(({ tokens }) => tokens));
    const ais = sum(tables.ofDay(tables.dayAis, day).values());
    const models = tables.ofDay(tables.dayModels, day);
    say(hours === totals.total, `${day}: hours ${hours} != day ${totals.total}`);
    say(ais === totals.total, `${day}: AIs ${ais} != day ${totals.total}`);
    say(sum(models.values()) === totals.total, `${day}: models != day ${totals.total}`);
    say(totals.presumed <= (models.get(UNKNOWN) ?? 0), `${day}: more presumed than unknown`);
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

/** Grants are decided last in a batch, so what held at the last of them holds after it. */
function checkGrants(before: StoredState, ledger: Ledger, say: Say): void {
  const granted = [...ledger.tables.leases.values()].filter((lease) => !before.sections.leases.has(String(lease.fence)));
  for (const lease of granted) say(lease.fence > before.head.fence, `fence ${lease.fence} did not rise`);
  if (granted.length === 0 || ledger.policy.mode === 'OBSERVE') return;
  const { slots, policy, allowance } = ledger;
  say(slots.live <= policy.maxConcurrent, `${slots.live} live slots of ${policy.maxConcurrent}`);
  const { hour, day, month } = standingOf(ledger);
  say(hour.spent + hour.reserved <= allowance.hourlyMax, `hour ${hour.spent} + ${hour.reserved} above its cap`);
  say(day.spent + day.reserved <= day.cap.tokens, `day ${day.spent} + ${day.reserved} above ${day.cap.tokens}`);
  say(month.spent + month.reserved <= allowance.enforced, `month ${month.spent} + ${month.reserved} above its cap`);
}

/** What clients were told, to hold against the books. */
export interface Journal {
  /** Charge by `AI usage_id`. */
  readonly usages: Map<string, number>;
  readonly adjustments: Map<string, number>;
}

/** What must hold when everything has come to rest: the books, from receipts, days and what clients were told. */
export async function checkRest(inner: BudgetStore, journal: Journal): Promise<string[]> {
  const state = await inner.load(BUDGET);
  if (state === undefined) return ['the budget is gone'];
  const wrong: string[] = [];
  const receipts = new Map<string, Receipt>();
  for (const receipt of await inner.listReceipts(BUDGET, '', '', 1_000_000)) receipts.set(receipt.id, receipt);
  for (const [id, receipt] of state.sections.outbox) {
    if ((receipts.get(id)?.revision ?? -1) < receipt.revision) receipts.set(id, receipt);
  }
  for (let epoch = 1; epoch <= state.head.epoch; epoch += 1) {
    const booked = bookedIn(epoch, receipts, journal);
    const days = await daysOf(inner, state, epoch, wrong);
    if (booked !== days) wrong.push(`epoch ${epoch}: receipts say ${booked}, days say ${days}`);
  }
  checkJournal(receipts, journal, wrong);
  return wrong;
}

function bookedIn(epoch: number, receipts: ReadonlyMap<string, Receipt>, journal: Journal): number {
  let booked = 0;
  for (const { id, body, epoch: of } of receipts.values()) {
    if (of !== epoch) continue;
    if (body.kind === 'usage') booked += body.chargedTokens;
    if (body.kind === 'lease') booked += body.presumed;
    if (body.kind === 'adjustment') booked += journal.adjustments.get(id.split(':a:')[1] ?? '') ?? 0;
  }
  return booked;
}

async function daysOf(inner: BudgetStore, state: StoredState, epoch: number, wrong: string[]): Promise<number> {
  const totals = new Map<string, number>();
  for (const { day, total, hours, ais } of await inner.readDays(BUDGET, epoch, '0000-01-01', '9999-12-31')) {
    totals.set(day, total);
    if (sum(hours.map(({ tokens }) => tokens)) !== total) wrong.push(`document of ${day}: hours do not add up`);
    if (sum(ais.values()) !== total) wrong.push(`document of ${day}: AIs do not add up`);
  }
  if (epoch !== state.head.epoch) return sum(totals.values());
  for (const [day, { total }] of state.sections.days) {
    if ((totals.get(day) ?? 0) !== total) wrong.push(`document of ${day}: ${totals.get(day)} is not the state's ${total}`);
    totals.set(day, total);
  }
  for (const [day, total] of state.sections.dayTotals) {
    if (totals.get(day) !== total) wrong.push(`month says ${total} of ${day}, its document ${totals.get(day)}`);
  }
  return sum(totals.values());
}

function checkJournal(receipts: ReadonlyMap<string, Receipt>, journal: Journal, wrong: string[]): void {
  const charges = new Map<string, number>();
  for (const { id, body } of receipts.values()) {
    if (body.kind === 'usage') charges.set(id.slice(id.indexOf(':u:') + 3), body.chargedTokens);
  }
  for (const [usage, charged] of journal.usages) {
    const booked = charges.get(usage);
    if (booked === undefined) wrong.push(`usage ${usage} was acknowledged and is lost`);
    else if (booked !== charged) wrong.push(`usage ${usage} was answered ${charged} and booked ${booked}`);
  }
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
