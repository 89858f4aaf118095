import type { LeaseRef } from '../../src/domain/model/requests.js';
import { acquire, refOf, usage as report } from '../support/requests.js';
import { type Budget, DAY, ENFORCED, HOUR, monthOf, type YearsRun } from './run.js';

/** Within this time a repeated id is surely known. */
const REPEATS_MS = 7 * DAY - HOUR;

/** AIs that do what AIs do, each answer of which goes into the books. */
export class Callers {
  constructor(private readonly run: YearsRun) {}

  async releaseAll(): Promise<void> {
    for (const budget of this.run.budgets) {
      budget.books.until(this.run.time.believed);
      for (const { ref, expiresAt } of budget.leases.values()) {
        if (expiresAt > this.run.time.believed) await this.release(budget, ref, 0);
      }
      budget.leases.clear();
    }
  }

  async call(): Promise<void> {
    const budget = this.run.pick(this.run.budgets);
    budget.books.until(this.run.time.believed);
    const chance = this.run.chance();
    const lease = this.run.pick([...budget.leases.values()]);
    if (lease === undefined || chance < 0.35) return this.acquire(budget);
    if (chance < 0.6) return this.report(budget, lease.ref, lease.aiId);
    if (chance < 0.7) return this.renew(budget, lease.ref);
    if (chance < 0.8) return this.unleased(budget);
    if (chance < 0.87) return this.repeat(budget);
    if (chance < 0.97) return this.finish(budget, lease.ref, lease.expiresAt);
    // The AI is gone: nobody hears of it again.
    budget.leases.delete(lease.ref.leaseId);
  }

  private async acquire(budget: Budget): Promise<void> {
    const made = this.run.next();
    const requested = this.run.between(500, 9_000);
    const aiId = `ai-${this.run.between(1, 6)}`;
    const outcome = await this.run.machine.ask(budget.id, {
      ...acquire(aiId, { requestId: `r${made}`, fingerprint: '', nonce: `n${made}` }),
      estimatedTokens: requested,
    });
    this.run.count(outcome.kind);
    if (outcome.kind !== 'granted') return;
    const { leaseId, reservedTokens, expiresAt, asOf } = outcome.lease;
    const ref = refOf(outcome);
    const { books } = budget;
    const month = monthOf(books, asOf);
    const held = books.monthTotal(month) + books.reserved + reservedTokens;
    this.run.check(
      held <= ENFORCED,
      () => `${budget.id}: ${held} of ${ENFORCED} are spent or reserved in ${month}`,
    );
    books.granted(leaseId, aiId, reservedTokens, asOf, expiresAt);
    budget.leases.set(leaseId, { ref, aiId, reserved: reservedTokens, expiresAt });
  }

  private async report(budget: Budget, lease: LeaseRef, aiId: string): Promise<void> {
    const tokens = this.run.between(1, 4_000);
    const made = this.run.next();
    const usageId = `u${made}`;
    const outcome = await this.run.machine.ask(budget.id, {
      kind: 'record',
      lease,
      usage: report(usageId, tokens),
    });
    if (outcome.kind !== 'recorded') return this.lost(budget, lease, outcome);
    this.run.count('reports');
    budget.books.reported(lease.leaseId, tokens, this.run.time.believed);
    budget.usages.push({ aiId, usageId, tokens, at: this.run.time.now });
  }

  private async renew(budget: Budget, lease: LeaseRef): Promise<void> {
    const outcome = await this.run.machine.ask(budget.id, { kind: 'renew', lease });
    if (outcome.kind !== 'renewed') return;
    const { reservedTokens, expiresAt } = outcome.lease;
    budget.books.renewed(lease.leaseId, reservedTokens, expiresAt);
    const known = budget.leases.get(lease.leaseId);
    if (known !== undefined) known.expiresAt = expiresAt;
  }

  private async unleased(budget: Budget): Promise<void> {
    const aiId = `ai-${this.run.between(1, 6)}`;
    const tokens = this.run.between(1, 300);
    const made = this.run.next();
    const usageId = `u${made}`;
    const request = { kind: 'record-unleased', aiId, usage: report(usageId, tokens) } as const;
    const outcome = await this.run.machine.ask(budget.id, request);
    this.run.check(
      outcome.kind === 'recorded',
      () => `${budget.id}: unleased usage: ${JSON.stringify(outcome)}`,
    );
    budget.books.unleased(aiId, tokens, this.run.time.believed);
    budget.usages.push({ aiId, usageId, tokens, at: this.run.time.now });
  }

  /** A repeat within 7 true days is never booked again. */
  private async repeat(budget: Budget): Promise<void> {
    budget.usages = budget.usages.filter(({ at }) => this.run.time.now - at < REPEATS_MS);
    const usage = this.run.pick(budget.usages);
    if (usage === undefined) return;
    const { aiId, usageId, tokens } = usage;
    const request = { kind: 'record-unleased', aiId, usage: report(usageId, tokens) } as const;
    const outcome = await this.run.machine.ask(budget.id, request);
    this.run.count('repeats');
    const replayed = outcome.kind === 'recorded' && outcome.replayed;
    this.run.check(
      replayed,
      () => `${budget.id}: a repeat of ${usageId} of ${new Date(usage.at).toISOString()} was booked again`,
    );
  }

  private async finish(budget: Budget, lease: LeaseRef, expiresAt: number): Promise<void> {
    if (expiresAt > this.run.time.believed) await this.release(budget, lease, this.run.between(0, 3_000));
    else budget.books.forget(lease.leaseId);
    budget.leases.delete(lease.leaseId);
  }

  private async release(budget: Budget, lease: LeaseRef, tokens: number): Promise<void> {
    const { usageId: _, ...unnamed } = report('', tokens);
    const usage = tokens === 0 ? {} : { usage: unnamed };
    const outcome = await this.run.machine.ask(budget.id, { kind: 'release', lease, ...usage });
    this.run.count(outcome.kind);
    if (outcome.kind !== 'released') return this.lost(budget, lease, outcome);
    if (tokens > 0) budget.books.reported(lease.leaseId, tokens, this.run.time.believed);
    budget.books.released(lease.leaseId);
  }

  /** Closed for more than 7 days, it may be forgotten. */
  private lost(budget: Budget, lease: LeaseRef, outcome: object): void {
    const known = budget.leases.get(lease.leaseId);
    const isOld = known !== undefined && this.run.time.believed - known.expiresAt > 6 * DAY;
    this.run.check(isOld, () => `${budget.id}: ${lease.leaseId} got ${JSON.stringify(outcome)}`);
    budget.leases.delete(lease.leaseId);
  }
}
