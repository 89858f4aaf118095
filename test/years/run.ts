import type { PolicyFields } from '../../src/domain/model/policy.js';
import type { LeaseRef } from '../../src/domain/model/requests.js';
import { randomFrom } from '../support/seed.js';
import { Books } from './books.js';
import { Machine, type OpenStore } from './machine.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Of a lease, unless it is renewed. */
export const TTL_MS = 3 * HOUR;
const MONTHLY = 300_000;
export const ENFORCED = 210_000;

const POLICY: PolicyFields = {
  monthlyLimit: MONTHLY,
  maxDailyPercent: 20,
  maxHourlyPercent: 15,
  minDailyPercent: 1,
  pacing: 'NONE',
  emergencyPercent: 100,
  cooldownMs: 0,
  maxConcurrent: 4,
  maxConcurrentPerAi: 2,
  leaseTtlMs: TTL_MS,
  maxLeaseDurationMs: 12 * HOUR,
  onExpiry: 'CHARGE',
};

export interface Budget {
  readonly id: string;
  readonly books: Books;
  readonly leases: Map<
    string,
    { readonly ref: LeaseRef; readonly aiId: string; reserved: number; expiresAt: number }
  >;
  /** Usage ids with the true time at which they were booked. */
  usages: { readonly aiId: string; readonly usageId: string; readonly tokens: number; readonly at: number }[];
  /** Asked for under a wrong clock it would not be what it seems. */
  month: string;
}

export interface YearsOptions {
  readonly days: number;
  readonly seed: number;
  readonly open: OpenStore;
  readonly start?: string;
  readonly say?: (line: string) => void;
}

export interface YearsResult {
  readonly wrong: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

/** What those who play a part in it share: the machine, chance, the budgets with their books, and what was found wrong. */
export class YearsRun {
  readonly wrong: string[] = [];
  readonly counts: Record<string, number> = {};
  readonly machine: Machine;
  private readonly random: () => number;
  budgets: Budget[] = [];
  private made = 0;

  constructor(readonly options: YearsOptions) {
    const start = Date.parse(options.start ?? '2026-10-10T07:00:00Z');
    this.machine = new Machine(options.open, start, options.seed);
    this.random = randomFrom(options.seed + 1);
  }

  get time() {
    return this.machine.time;
  }

  /** A number that nobody had before. */
  next(): number {
    this.made += 1;
    return this.made;
  }

  /** From 0 to below 1. */
  chance(): number {
    return this.random();
  }

  count(what: string, by = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + by;
  }

  check(holds: boolean, what: () => string): void {
    this.count('checks');
    if (!holds) this.wrong.push(`${new Date(this.time.now).toISOString()} ${what()}`);
  }

  between(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T;
  }

  async create(id: string, zone: string): Promise<void> {
    await this.machine.ask(id, { kind: 'put-policy', fields: { ...POLICY, timeZone: zone } });
    const books = new Books(zone);
    this.budgets.push({ id, books, leases: new Map(), usages: [], month: monthOf(books, this.time.now) });
  }
}

export function monthOf(books: Books, at: number): string {
  return books.dayOf(at).slice(0, 7);
}
