import { randomUUID } from 'node:crypto';
import { type Lease, Usage } from '../gen/budgetarbiter/v1/budget.js';
import type { SettledLease, Settlement, Unreported } from '../settle/settlement.js';
import { type TokenUsage, tokenCounts } from '../usage/token-usage.js';
import { modelOf, usageOf } from '../usage/usage-of.js';
import { type Blame, blameOf } from './way-out.js';

/** A report goes with the release, which saves a call; a slot that is held for longer than this tells it by itself. */
const REPORT_WITHIN_MS = 1_000;
/** Bytes, as the API takes them: a report must not fail for its words. */
const LONGEST_MESSAGE = 512;
const LONGEST_MODEL = 128;
const LONGEST_REQUEST_TYPE = 64;

const REST: Readonly<Record<Blame, Unreported>> = {
  refused: 'FREE',
  unreached: 'UNUSED',
  broken: 'PRESUME',
  own: 'FREE',
};

/** How a call went, beside its tokens. */
export interface ReportDetails {
  /** The model that answered. Unset: what the answer says, or the request said. */
  readonly model?: string | undefined;
  /** What it was for, in your words; at most 64 bytes. */
  readonly requestType?: string | undefined;
  /** How many calls this is about. Unset: one. */
  readonly calls?: number | undefined;
  /** An id of your own, 1 to 128 printable characters without spaces: booked once in 7 days, however often it is told. Unset: one is made. */
  readonly usageId?: string | undefined;
  /** It failed, and spent this all the same. */
  readonly failed?: boolean | undefined;
}

/** How a slot was left. `said` is what a stream had said of its usage before it broke or was left. */
export type WayOut =
  | {
      /** The call came to its end. */
      readonly kind: 'done';
    }
  | {
      /** The call ended with an error. */
      readonly kind: 'failed';
      /** What it ended with: it says how far the call came. */
      readonly error: unknown;
      /** What a stream had said of its usage. */
      readonly said?: TokenUsage | undefined;
    }
  | {
      /** A stream was not read to its end. */
      readonly kind: 'left';
      /** What it had said of its usage. */
      readonly said?: TokenUsage | undefined;
    };

/** What a slot is made of. */
export interface SlotParts {
  readonly budget: string;
  readonly ai: string;
  readonly model: string | undefined;
  /** Unset: the service was away, and the call goes on without a slot. */
  readonly lease: Lease | undefined;
  /** The rules that had refused before it was granted. */
  readonly deniedRules: readonly string[];
  readonly settledAs: SettledLease;
  readonly lost: AbortSignal;
  /** The client's slots that have a report which they have not told yet. */
  readonly holding: Set<Slot>;
  /** Resolves when it will survive a crash. `done` hears what the lease was charged in all, where the service says so. */
  settle(settlement: Settlement, done: (charged: number | undefined) => void): Promise<void>;
}

/** The right to call the vendor now. Report what the call cost; whichever way it is left, it is settled rightly. */
export class Slot implements AsyncDisposable {
  private held: Usage | undefined;
  private timer: NodeJS.Timeout | undefined;
  private hasReported = false;
  private isUnused = false;
  private failure: { readonly error: unknown } | undefined;
  private ended: Promise<void> | undefined;
  private last: Promise<void> = Promise.resolve();
  private told: number | undefined;

  /** @internal */
  constructor(private readonly parts: SlotParts) {}

  /** The budget that it is of: another than asked for, after a fallback. */
  get budget(): string {
    return this.parts.budget;
  }

  /** Who holds it. */
  get ai(): string {
    return this.parts.ai;
  }

  /** As the service granted it; undefined where it was away and the call went on without one (`failOpen`). */
  get lease(): Lease | undefined {
    return this.parts.lease;
  }

  /** The rules that had refused before it was granted, such as `COOLDOWN`. */
  get deniedRules(): readonly string[] {
    return this.parts.deniedRules;
  }

  /** What the service has charged, in charged tokens; undefined until it is settled, which `flush()` of the client waits for. */
  get charged(): number | undefined {
    return this.told;
  }

  /** Aborted when the slot is lost: stop then, it may be another's already. Pass it on to the vendor's SDK. */
  get lost(): AbortSignal {
    return this.parts.lost;
  }

  /**
   * What the call cost: the vendor's answer, its usage object, or counts of your own. Booked in the background. False if the answer
   * does not say what it cost; then the whole estimate is presumed spent, unless you report your own count.
   */
  report(answer: unknown, details: ReportDetails = {}): boolean {
    const tokens = usageOf(answer);
    if (tokens === undefined) return false;
    this.tell(this.usage(tokens, { model: modelOf(answer), ...details }));
    return true;
  }

  /** The vendor was never asked: what was reserved is free again, and the cooldown, too. */
  unused(): void {
    this.isUnused = true;
  }

  /** The call failed so. For those who hold a slot by `await using`, which does not learn of errors. */
  fail(error: unknown): void {
    this.failure = { error };
  }

  /** Gives it back, once. Resolves when that will survive a crash; the service is told in the background. */
  end(way: WayOut = { kind: 'done' }): Promise<void> {
    this.ended ??= this.leave(
      way.kind === 'done' && this.failure ? { kind: 'failed', ...this.failure } : way,
    );
    return this.ended;
  }

  /** For `await using`: as `end()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }

  private tell(usage: Usage): void {
    this.hasReported = true;
    if (this.ended !== undefined) {
      this.last = this.settle([usage]);
      return;
    }
    this.tellHeld();
    this.held = usage;
    this.parts.holding.add(this);
    this.timer = setTimeout(() => this.tellHeld(), REPORT_WITHIN_MS);
    this.timer.unref();
  }

  /** @internal A report that waits for the release is told now. */
  tellHeld(): void {
    const held = this.takeHeld();
    if (held !== undefined) this.last = this.settle([held]);
  }

  private takeHeld(): Usage | undefined {
    clearTimeout(this.timer);
    const { held } = this;
    this.held = undefined;
    this.parts.holding.delete(this);
    return held;
  }

  private async leave(way: WayOut): Promise<void> {
    const { usage, unreported } = this.closing(way);
    const usages = [this.takeHeld(), usage].filter((each) => each !== undefined);
    await Promise.all([this.last, this.settle(usages, unreported)]);
  }

  private closing(way: WayOut): { readonly usage?: Usage; readonly unreported: Unreported } {
    if (this.hasReported) return { unreported: 'FREE' };
    if (way.kind === 'done') return { unreported: this.isUnused ? 'UNUSED' : 'PRESUME' };
    const { said } = way;
    if (way.kind === 'left') {
      return { unreported: 'PRESUME', ...(said && { usage: this.usage(said, {}) }) };
    }
    const blame = blameOf(way.error);
    const usage = this.usage(said ?? {}, { failed: true });
    usage.errorMessage = cut(String(way.error), LONGEST_MESSAGE);
    return { usage, unreported: said === undefined ? REST[blame] : 'PRESUME' };
  }

  private usage(
    tokens: TokenUsage,
    { model, requestType, calls, failed, usageId = randomUUID() }: ReportDetails,
  ): Usage {
    return Usage.fromPartial({
      usageId,
      tokens: tokenCounts(tokens),
      model: cut(model ?? this.parts.model ?? '', LONGEST_MODEL),
      requestType: cut(requestType ?? '', LONGEST_REQUEST_TYPE),
      failed: failed ?? false,
      ...(calls !== undefined && { calls }),
    });
  }

  private settle(usages: readonly Usage[], unreported?: Unreported): Promise<void> {
    const { budget: budgetId, ai: aiId, settledAs: lease } = this.parts;
    const id = randomUUID();
    const firstTriedAt = Date.now();
    const settlement = { id, budgetId, aiId, lease, usages, firstTriedAt };
    return this.parts.settle(
      unreported === undefined ? settlement : { ...settlement, unreported },
      (charged) => {
        this.told = charged ?? this.told;
      },
    );
  }
}

/** At most so many bytes, and no half character. */
function cut(text: string, bytes: number): string {
  const plain = text.replace(/[^\P{Cc}\n\t]/gu, ' ');
  return Buffer.from(plain)
    .subarray(0, bytes)
    .toString()
    .replace(/\ufffd+$/, '');
}
