import type { PolicyFields } from '../../src/domain/model/policy.js';
import type { AcquireRequest, LeaseRef } from '../../src/domain/model/requests.js';
import { dayName } from '../../src/domain/time/windows.js';
import { VirtualBudget } from '../../src/replay/virtual-budget.js';
import { LARGEST_DAY, LARGEST_HOUR } from './default-policy.js';
import { DAYS_BEFORE, DAYS_OF_MONTH, type Demand } from './demand.js';
import { FirstForm } from './first-form.js';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const MONTH_START = Date.UTC(2026, 10, 1);
const START = MONTH_START - DAYS_BEFORE * DAY_HOURS * HOUR_MS;

export const RULES = ['NONE', 'FLOOR', 'FIRST_FORM', 'EVEN'] as const;
export type OutcomeRule = (typeof RULES)[number];

/** The defaults, but for what is about slots: nobody waits for one. */
const FIELDS: PolicyFields = { cooldownMs: 0, maxConcurrent: 1, maxConcurrentPerAi: 1 };

export interface Month {
  /** Tokens of each of its days. */
  readonly days: readonly number[];
  /** What each of its days asked for, as far as the largest hour and the largest day of the policy admit it. */
  readonly demand: readonly number[];
  /** The first day on which the month itself refused, from 1. */
  readonly dry?: number;
}

/** A month of this demand, after the days before it, under a rule: real decisions, in virtual time. */
export async function runMonth(rule: OutcomeRule, demand: Demand): Promise<Month> {
  const budget = await VirtualBudget.open('outcome');
  const pacing = rule === 'FIRST_FORM' ? 'NONE' : rule;
  await budget.decide({ kind: 'put-policy', fields: { ...FIELDS, pacing } }, START);
  const asking = new Asking(budget, rule === 'FIRST_FORM' ? new FirstForm(budget, FIELDS) : undefined);
  for (const [at, requests] of demand.entries()) await asking.hour(START + at * HOUR_MS, requests);
  const totals = new Map((await budget.days()).map(({ day, total }) => [day, total]));
  const month = Array.from({ length: DAYS_OF_MONTH }, (_, at) => at);
  const { dryAt } = asking;
  return {
    days: month.map((at) => totals.get(dayName('UTC', MONTH_START + at * DAY_HOURS * HOUR_MS)) ?? 0),
    demand: month.map((at) =>
      admissible(demand.slice((DAYS_BEFORE + at) * DAY_HOURS, (DAYS_BEFORE + at + 1) * DAY_HOURS)),
    ),
    ...(dryAt !== undefined && { dry: 1 + Math.floor((dryAt - MONTH_START) / HOUR_MS / DAY_HOURS) }),
  };
}

function admissible(hours: Demand): number {
  const ofHours = hours.map((requests) => Math.min(LARGEST_HOUR, sum(requests)));
  return Math.min(LARGEST_DAY, sum(ofHours));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

class Asking {
  dryAt: number | undefined;
  private made = 0;

  constructor(
    private readonly budget: VirtualBudget,
    private readonly firstForm: FirstForm | undefined,
  ) {}

  /** Asks for the requests of an hour, one after the other; what is refused does not come back. */
  async hour(start: number, requests: readonly number[]): Promise<void> {
    const stepMs = HOUR_MS / (requests.length + 1);
    let refused = Number.POSITIVE_INFINITY;
    for (const [at, tokens] of requests.entries()) {
      // Nothing is given back within an hour: what was refused, and more than that, is refused until it ends.
      if (tokens >= refused) continue;
      if (!(await this.ask(Math.floor(start + (at + 1) * stepMs), tokens))) refused = tokens;
    }
  }

  private async ask(at: number, tokens: number): Promise<boolean> {
    await this.firstForm?.before(at);
    this.made += 1;
    const outcome = await this.budget.decide(requestOf(`r${this.made}`, tokens), at);
    if (outcome.kind === 'denied') {
      const { blockers } = outcome.denial;
      const isDry = blockers.some(({ rule }) => rule === 'MONTHLY_CAP' || rule === 'EMERGENCY');
      if (isDry && at >= MONTH_START) this.dryAt ??= at;
    }
    if (outcome.kind !== 'granted') return false;
    const { leaseId, fence } = outcome.lease;
    const lease: LeaseRef = { leaseId, fence, budgetId: 'outcome', epoch: this.budget.ledger.epoch };
    await this.budget.decide({ kind: 'release', lease, usage: usageOf(tokens) }, at);
    return true;
  }
}

function requestOf(requestId: string, estimatedTokens: number): AcquireRequest {
  const ids = { requestId, requestIdMade: true, fingerprint: '', nonce: 'outcome' };
  return { kind: 'acquire', aiId: 'ai', ...ids, estimatedTokens };
}

function usageOf(total: number) {
  const tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, total };
  return { tokens, model: '', requestType: '', failed: false, errorMessage: '', fingerprint: '' };
}
