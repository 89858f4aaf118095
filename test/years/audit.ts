import { getDistribution } from '../../src/arbiter/distribution.js';
import { NOBODY } from '../../src/arbiter/pending.js';
import { toldOf } from '../../src/domain/alerts/notices.js';
import { Books } from './books.js';
import { RETENTION_MONTHS } from './machine.js';
import { type Budget, DAY, monthOf, type YearsRun } from './run.js';

/** Holds what the service says against the books. */
export class Audit {
  constructor(private readonly run: YearsRun) {}

  async monthEnd(budget: Budget): Promise<void> {
    const month = monthOf(budget.books, this.run.time.now);
    if (month === budget.month) return;
    budget.month = month;
    this.run.count('month ends');
    let key = month;
    for (let back = 0; back <= RETENTION_MONTHS; back += 1) {
      await this.compare(budget, key);
      key = monthBefore(key);
    }
    this.run.options.say?.(
      `${budget.id} ${month}: ${this.run.wrong.length} wrong of ${this.run.counts['checks']} checks`,
    );
  }

  /** What the service says of a month, against the books. */
  async compare({ id, books }: Budget, month: string): Promise<void> {
    books.until(this.run.time.believed);
    const { arbiter } = this.run.machine;
    const answer = await this.run.time.until(getDistribution(arbiter, id, { month }, NOBODY));
    if (!('stats' in answer)) return this.run.check(false, () => `${id}: ${JSON.stringify(answer)}`);
    const { monthlyDistribution, byAi } = answer.stats;
    const days = new Map(monthlyDistribution.dailyUsageData.map(({ date, tokens }) => [date, tokens]));
    const expected = new Map([...books.month(month)].filter(([, tokens]) => tokens > 0));
    this.run.check(
      same(days, expected),
      () => `${id} ${month}: days ${shown(days)}, in the books ${shown(expected)}`,
    );
    const called = monthlyDistribution.dailyUsageData.filter(({ calls }) => calls > 0);
    const calls = new Map(called.map((day) => [day.date, day.calls]));
    this.run.check(
      same(calls, books.callsOf(month)),
      () => `${id} ${month}: calls ${shown(calls)}, in the books ${shown(books.callsOf(month))}`,
    );
    const ais = new Map(byAi.map(({ aiId, tokens }) => [aiId, tokens]));
    this.run.check(
      same(ais, books.aisOf(month)),
      () => `${id} ${month}: AIs ${shown(ais)}, in the books ${shown(books.aisOf(month))}`,
    );
    const total = monthlyDistribution.totalTokens;
    this.run.check(
      total === books.monthTotal(month),
      () => `${id} ${month}: ${total}, in the books ${books.monthTotal(month)}`,
    );
  }

  async checkAlerts(): Promise<void> {
    const open = new Set<string>();
    for (const { id } of this.run.budgets) {
      const state = await this.run.machine.store.load(id);
      for (const [key, mark] of state?.sections.alerts ?? []) {
        const { deliveries = [] } = mark;
        const pending = deliveries.some(({ status }) => status === 'PENDING');
        this.run.check(!pending, () => `${id}: ${key} is still to be told`);
        if (toldOf(mark).endedAt === undefined)
          open.add(`${id}:${state?.head.epoch}:${key.replace(' ', ':')}`);
      }
    }
    const { heard, givenUp } = this.run.machine;
    this.run.count('alerts heard', heard.size);
    this.run.count('alerts given up', givenUp.size);
    for (const id of heard) {
      if (!id.endsWith(':raised')) continue;
      // Of one that was raised again the last end counts.
      const incident = id.slice(0, -':raised'.length).replace(/:[1-9]\d?$/, '');
      const isEnd = (other: string) => other.startsWith(`${incident}:`) && other.endsWith(':ended');
      const told = [...heard, ...givenUp].some(isEnd) || open.has(incident);
      this.run.check(told, () => `the end of ${incident} was never told`);
    }
  }

  /** Days of running after the last downtime it has caught up. */
  async checkTidied(): Promise<void> {
    await this.run.machine.pass(20 * DAY);
    const from = new Books('UTC').dayOf(this.run.time.now - (RETENTION_MONTHS + 1) * 31 * DAY - 10 * DAY);
    const listed = await this.run.machine.store.list('', 1_000);
    this.run.count('budgets kept', listed.length);
    const old = listed.filter(({ head }) => head.deleted && new Books('UTC').dayOf(head.clock) < from);
    this.run.check(old.length === 0, () => `${old.length} deleted budgets are kept beyond the retention`);
    let documents = 0;
    for (const { budgetId, head } of listed) {
      const days = await this.run.machine.store.readDays(budgetId, head.epoch, '', '~');
      documents += days.length;
      this.run.check(
        !days.some(({ day }) => day < from),
        () => `${budgetId}: usage of ${days[0]?.day} is kept`,
      );
    }
    this.run.count('usage documents kept', documents);
    const oldest = this.run.time.now - 15 * DAY;
    for (const { budgetId } of listed) {
      const receipts = await this.run.machine.store.listReceipts(budgetId, '', '', 10_000);
      const stale = receipts.filter(({ at }) => at < oldest);
      this.run.check(
        stale.length === 0,
        () => `${budgetId}: ${stale.length} receipts are older than 15 days`,
      );
    }
  }
}

function monthBefore(key: string): string {
  const [year = 0, month = 0] = key.split('-').map(Number);
  return month === 1 ? `${year - 1}-12` : `${year}-${String(month - 1).padStart(2, '0')}`;
}

function same(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

function shown(map: ReadonlyMap<string, number>): string {
  return [...map].map(([key, value]) => `${key} ${value}`).join(', ');
}
