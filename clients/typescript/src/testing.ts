import { SlotDenied } from './denial/slot-denied.js';
import { ArbiterUnavailable } from './errors.js';
import { Denial, Lease, Rule } from './gen/budgetarbiter/v1/budget.js';
import type { Settlement, Unreported } from './settle/settlement.js';
import { Slot } from './slot/slot.js';
import type { SlotRequest } from './slot/slot-request.js';
import type { SlotSource } from './slot/slot-source.js';
import { whileHeld } from './slot/while-held.js';
import type { TokenUsage } from './usage/token-usage.js';
import { guardedSdk, type WrapOptions } from './wrap/guarded-sdk.js';

/** One report of a slot, as the service would have booked it. */
export interface FakeReport {
  /** By kind; those that were not said are 0. */
  readonly tokens: Required<TokenUsage>;
  /** The model that answered; empty if nobody said. */
  readonly model: string;
  /** Whether the call failed. */
  readonly failed: boolean;
  /** What went wrong; empty if nothing did. */
  readonly errorMessage: string;
}

/** A slot that the fake granted, and what became of it. */
export interface FakeSlot {
  /** What was asked for. */
  readonly request: SlotRequest;
  /** What was reported, in its order. */
  readonly reports: readonly FakeReport[];
  /** What became of what was not reported; undefined while it is held. */
  readonly unreported: Unreported | undefined;
}

/** What a fake denial says; the rest is as the service would say it. */
export interface FakeDenial {
  /** Default: `HOURLY_CAP`. */
  readonly rules?: readonly string[];
  /** Seconds. */
  readonly retryAfter?: number;
  /** Whether no waiting helps. Default: false. */
  readonly permanent?: boolean;
  /** Budgets to ask instead. */
  readonly fallbackBudgetIds?: readonly string[];
}

interface Kept extends FakeSlot {
  readonly reports: FakeReport[];
  unreported: Unreported | undefined;
}

/**
 * A `BudgetClient` for tests: grants at once, keeps what is reported, asks no service.
 *
 * ```ts
 * const budget = new FakeBudgetClient();
 * await answerQuestion(budget);
 * expect(budget.slots[0].reports[0].tokens.output).toBe(200);
 * ```
 */
export class FakeBudgetClient implements SlotSource, AsyncDisposable {
  /** In the order in which they were granted. */
  readonly slots: readonly FakeSlot[] = [];
  private readonly holding = new Set<Slot>();
  private denial: FakeDenial | undefined;
  private isAway = false;

  /** From now on every request is denied so, until `allow()`. */
  deny(denial: FakeDenial = {}): void {
    this.denial = denial;
  }

  /** From now on the service does not answer, until `allow()`. A request with `failOpen` goes on without a slot. */
  goAway(): void {
    this.isAway = true;
  }

  /** From now on every request is granted again. */
  allow(): void {
    this.denial = undefined;
    this.isAway = false;
  }

  async withSlot<T>(request: SlotRequest, work: (slot: Slot) => Promise<T> | T): Promise<T> {
    return whileHeld(await this.acquire(request), work);
  }

  async acquire(request: SlotRequest = {}): Promise<Slot> {
    request.signal?.throwIfAborted();
    const { budget = 'budget', ai = 'ai', model, failOpen } = request;
    if (this.denial !== undefined) throw new SlotDenied(denialOf(this.denial), budget, ai);
    if (this.isAway && !failOpen) throw new ArbiterUnavailable('the fake service is away');
    const kept: Kept = { request, reports: [], unreported: undefined };
    const slots = this.slots as FakeSlot[];
    const leaseId = `fake-${slots.push(kept)}`;
    const lease = this.isAway
      ? undefined
      : Lease.fromPartial({ leaseId, budgetId: budget, aiId: ai, fence: slots.length });
    return new Slot({
      ...{ budget, ai, model, lease },
      settledAs: { leaseId },
      deniedRules: [],
      lost: new AbortController().signal,
      holding: this.holding,
      settle: async (settlement, done) => {
        keep(kept, settlement);
        done(kept.reports.reduce((sum, { tokens }) => sum + sumOf(tokens), 0));
      },
    });
  }

  wrap<Sdk extends object>(sdk: Sdk, options: WrapOptions = {}): Sdk {
    return guardedSdk(sdk, (request) => this.acquire(request), options);
  }

  async flush(): Promise<boolean> {
    for (const slot of [...this.holding]) slot.tellHeld();
    return true;
  }

  async close(): Promise<number> {
    return 0;
  }

  /** For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

function keep(kept: Kept, { usages, unreported }: Settlement): void {
  kept.unreported ??= unreported;
  for (const { tokens, model, failed, errorMessage } of usages) {
    kept.reports.push({
      tokens: {
        input: tokens?.inputTokens ?? 0,
        output: tokens?.outputTokens ?? 0,
        cacheRead: tokens?.cacheReadTokens ?? 0,
        cacheWrite: tokens?.cacheWriteTokens ?? 0,
        reasoning: tokens?.reasoningTokens ?? 0,
        total: tokens?.totalTokens ?? 0,
      },
      model,
      failed,
      errorMessage,
    });
  }
}

function sumOf(tokens: TokenUsage): number {
  return Object.values(tokens).reduce((sum, count) => sum + count, 0);
}

function denialOf({
  rules = ['HOURLY_CAP'],
  retryAfter,
  permanent = false,
  fallbackBudgetIds = [],
}: FakeDenial): Denial {
  const names = Rule as unknown as Readonly<Record<string, Rule>>;
  return Denial.fromPartial({
    blockers: rules.map((rule) => ({
      rule: names[`RULE_${rule}`] ?? Rule.RULE_UNSPECIFIED,
      message: `fake: ${rule}`,
    })),
    permanent,
    fallbackBudgetIds: [...fallbackBudgetIds],
    ...(retryAfter !== undefined && {
      retryAfter: { seconds: Math.floor(retryAfter), nanos: (retryAfter % 1) * 1e9 },
    }),
  });
}
