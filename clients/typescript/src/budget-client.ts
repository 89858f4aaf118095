import { randomUUID } from 'node:crypto';
import { ClientClosed } from './errors.js';
import { type BudgetClientOptions, channelCredentials, optionsFromEnv } from './options.js';
import { Journal } from './settle/journal.js';
import { Outbox } from './settle/outbox.js';
import type { SettledLease, Settlement } from './settle/settlement.js';
import { Acquisition, type Granted, type Wanted } from './slot/acquisition.js';
import { Slot } from './slot/slot.js';
import type { SlotRequest } from './slot/slot-request.js';
import type { SlotSource } from './slot/slot-source.js';
import { WaitLines } from './slot/wait-lines.js';
import { whileHeld } from './slot/while-held.js';
import { SlotSpan } from './telemetry.js';
import { Addresses } from './transport/addresses.js';
import { Replicas } from './transport/replicas.js';
import { SessionTransport } from './transport/session-transport.js';
import { type TokenSource, tokenSource } from './transport/token.js';
import type { Transport } from './transport/transport.js';
import { UnaryTransport } from './transport/unary-transport.js';
import { guardedSdk, type WrapOptions } from './wrap/guarded-sdk.js';

const DEFAULT_ADDRESS = '127.0.0.1:50051';
/** Of grants that may have been made. */
const MOST_GIVEN_BACK = 1_000;
const NEVER_LOST = new AbortController().signal;

/**
 * Puts the LLM calls of this process on shared budgets.
 *
 * ```ts
 * const budget = BudgetClient.fromEnv();
 * const text = await budget.withSlot({ budget: 'anthropic', ai: 'guardian', estimate: 3_000 }, async (slot) => {
 *   const message = await anthropic.messages.create(...);
 *   slot.report(message);
 *   return message.content;
 * });
 * ```
 *
 * One of them for a process is enough, and as much as it should have.
 */
export class BudgetClient implements SlotSource, AsyncDisposable {
  private readonly transport: Transport;
  private readonly token: TokenSource;
  private readonly lines = new WaitLines();
  private readonly holding = new Set<Slot>();
  private readonly outbox: Promise<Outbox>;
  private journal: Journal | undefined;
  private closed = false;

  constructor(private readonly options: BudgetClientOptions = {}) {
    const { address = DEFAULT_ADDRESS, token, tokenFile, timeout = 5 } = options;
    this.token = tokenSource({ ...(token && { token }), ...(tokenFile && { tokenFile }) });
    const addresses = new Addresses(typeof address === 'string' ? address.split(',') : address);
    const channel = channelCredentials(options.tls);
    const replicas = new Replicas(addresses, {
      token: this.token,
      channel,
      metadata: options.metadata ?? {},
    });
    const Kind = options.transport === 'unary' ? UnaryTransport : SessionTransport;
    this.transport = new Kind(replicas, timeout * 1_000);
    this.outbox = this.openOutbox();
    // Whoever asks for a slot hears of a journal that cannot be opened.
    this.outbox.catch(() => {});
  }

  /** By the variables `BUDGET_ARBITER_*`; `options` win over them. */
  static fromEnv(options: BudgetClientOptions = {}): BudgetClient {
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    return new BudgetClient({ ...optionsFromEnv(), ...given });
  }

  /** Holds a slot while `work` runs, gives it back whichever way that ends, and returns what it returned. */
  async withSlot<T>(request: SlotRequest, work: (slot: Slot) => Promise<T> | T): Promise<T> {
    const { slot, span } = await this.open(request);
    try {
      return await whileHeld(slot, () => span.within(() => work(slot)));
    } catch (error) {
      span.fail(error);
      throw error;
    } finally {
      span.end();
    }
  }

  /** A slot that you give back yourself: `await using slot = await budget.acquire(...)`, or `slot.end()`. */
  async acquire(request: SlotRequest = {}): Promise<Slot> {
    const { slot, span } = await this.open(request);
    span.end();
    return slot;
  }

  /** The same SDK client, with each call in a slot of its own. Anthropic's and OpenAI's, and those that are made alike. */
  wrap<Sdk extends object>(sdk: Sdk, options: WrapOptions = {}): Sdk {
    return guardedSdk(sdk, (request) => this.acquire(request), options);
  }

  /** Waits until all that was reported is known to the service, or so many seconds. Whether it was. */
  async flush(seconds = 10): Promise<boolean> {
    for (const slot of [...this.holding]) slot.tellHeld();
    return (await this.outbox).flush(seconds * 1_000);
  }

  /** How many slots are not settled yet. */
  get unsettled(): Promise<number> {
    return this.outbox.then(({ size }) => size);
  }

  /** Flushes, and ends the session. Returns how many settlements are left: in the journal if there is one, else lost. */
  async close(seconds = 10): Promise<number> {
    this.closed = true;
    await this.flush(seconds);
    const outbox = await this.outbox;
    const left = outbox.stop().length;
    this.transport.close();
    await this.journal?.close();
    this.journal = undefined;
    if (left > 0)
      this.log('warn', `${left} settlements are left${this.options.journal ? ' in the journal' : ''}`);
    return left;
  }

  /** For `await using`: as `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async open(request: SlotRequest): Promise<{ readonly slot: Slot; readonly span: SlotSpan }> {
    if (this.closed) throw new ClientClosed();
    const wanted = this.wanted(request);
    const outbox = await this.outbox;
    const span = await SlotSpan.begin(wanted.budget, wanted.ai, wanted.model);
    const asks = {
      transport: this.transport,
      lines: this.lines,
      renewToken: () => this.token.renew(),
      giveBack: (granted: Granted & { readonly ai: string }) => giveBack(outbox, granted),
    };
    try {
      const granted = await new Acquisition(wanted, asks).run();
      if (granted.lease === undefined)
        this.log('warn', 'the budget arbiter is away: a call goes on without a slot');
      const slot = this.slotOf(outbox, granted, wanted);
      span.granted(slot);
      return { slot, span };
    } catch (error) {
      span.fail(error);
      span.end();
      throw error;
    }
  }

  private wanted(request: SlotRequest): Wanted {
    const { options } = this;
    const budget = request.budget ?? options.budget;
    const ai = request.ai ?? options.ai;
    if (!budget)
      throw new TypeError('a slot needs a budget: of the request, of the client, or BUDGET_ARBITER_BUDGET');
    if (!ai) throw new TypeError('a slot needs an AI: of the request, of the client, or BUDGET_ARBITER_AI');
    const wait = request.wait ?? options.wait ?? 10;
    const patience = request.patience ?? options.patience ?? Math.max(60, wait);
    return {
      ...{ budget, ai },
      estimate: request.estimate,
      atLeast: request.atLeast,
      model: request.model,
      labels: { ...options.labels, ...request.labels },
      waitMs: wait * 1_000,
      patienceMs: patience * 1_000,
      fallback: request.fallback ?? options.fallback ?? false,
      failOpen: request.failOpen ?? options.failOpen ?? false,
      signal: request.signal,
    };
  }

  private async openOutbox(): Promise<Outbox> {
    const events = {
      onFailed: (
        settlement: Settlement,
        error: Parameters<NonNullable<BudgetClientOptions['onUnsettled']>>[1],
      ) => {
        this.log(
          'error',
          `a slot of ${settlement.aiId} on ${settlement.budgetId} was not settled: ${error.message}`,
        );
        this.options.onUnsettled?.(settlement, error);
      },
      onUnwritten: (_: Settlement, error: unknown) =>
        this.log('error', `the journal failed: ${String(error)}`),
    };
    const { journal: path } = this.options;
    if (path === undefined) return new Outbox(this.transport, events);
    const { journal, left } = await Journal.open(path);
    this.journal = journal;
    const outbox = new Outbox(this.transport, events, journal);
    outbox.resume(left);
    return outbox;
  }

  private slotOf(outbox: Outbox, granted: Granted, { ai, model }: Wanted): Slot {
    const { budget, requestId, lease, kept, deniedRules = [] } = granted;
    const settledAs: SettledLease =
      lease === undefined ? { requestId, isSpent: true } : { leaseId: lease.leaseId };
    return new Slot({
      ...{ budget, ai, model, lease, settledAs, deniedRules, holding: this.holding },
      lost: kept?.lost ?? NEVER_LOST,
      settle: (settlement, done) =>
        outbox.add(settlement, (charged) => {
          done(charged);
          if (settlement.unreported) kept?.letGo();
        }),
    });
  }

  private log(level: 'warn' | 'error', message: string): void {
    (this.options.logger ?? console)[level](`budget-arbiter: ${message}`);
  }
}

function giveBack(
  outbox: Outbox,
  { budget, ai, requestId, lease, kept }: Granted & { readonly ai: string },
): void {
  // While the service is away many may give up; a grant that nobody gives back ends by itself.
  if (lease === undefined && outbox.size >= MOST_GIVEN_BACK) return;
  void outbox.add(
    {
      id: randomUUID(),
      budgetId: budget,
      aiId: ai,
      lease: lease === undefined ? { requestId, isSpent: false } : { leaseId: lease.leaseId },
      usages: [],
      unreported: 'UNUSED',
      firstTriedAt: Date.now(),
    },
    () => kept?.letGo(),
  );
}
