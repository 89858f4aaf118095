import type * as Arbiters from '../../src/arbiter/arbiter.js';
import type { CallerRequest } from '../../src/arbiter/service-port.js';
import type * as LeaseIds from '../../src/domain/model/lease-id.js';
import type { Granted, Outcome, OutcomeOf } from '../../src/domain/model/outcomes.js';
import type { LeaseRef } from '../../src/domain/model/requests.js';
import type { StatePatch } from '../../src/domain/model/state.js';
import type * as Clocks from '../../src/platform/embedded-clock.js';
import type * as Logs from '../../src/platform/log.js';
import type * as Lmdb from '../../src/store/lmdb/open-lmdb-store.js';
import type * as Mongo from '../../src/store/mongo/open-mongo-store.js';
import type { BudgetStore } from '../../src/store/store.js';
import { built } from '../built.js';
import { ROOMY_FIELDS } from '../roomy-fields.js';

const { Arbiter } = await built<typeof Arbiters>('arbiter/arbiter.js');
const { embeddedClock } = await built<typeof Clocks>('platform/embedded-clock.js');
const { SILENT_LOG } = await built<typeof Logs>('platform/log.js');
const { parseLeaseId } = await built<typeof LeaseIds>('domain/model/lease-id.js');
const { openLmdbStore } = await built<typeof Lmdb>('store/lmdb/open-lmdb-store.js');
const { openMongoStore } = await built<typeof Mongo>('store/mongo/open-mongo-store.js');

/** Where a store is: the folder of the embedded one, or a database. */
export type StorePlace = { readonly dataDir: string } | { readonly uri: string; readonly database: string };

export function openStoreAt(place: StorePlace): Promise<BudgetStore> {
  return 'dataDir' in place ? openLmdbStore(place) : openMongoStore(place);
}

export interface SeenCommit {
  readonly patch: StatePatch;
  readonly ms: number;
}

const CALLER = { gone: false, onGone: () => {} };

/** The arbiter without gRPC around it, so that a commit can be seen alone. */
export class Inside {
  readonly #arbiter: InstanceType<typeof Arbiter>;
  readonly #store: BudgetStore;
  /** The commits since it was last emptied. */
  readonly commits: SeenCommit[] = [];
  #made = 0;

  private constructor(store: BudgetStore) {
    this.#store = store;
    const clock = embeddedClock({ maxSkewMs: 2_000 });
    const options = { clock, log: SILENT_LOG, copyId: `bench-${process.pid}`, maxSkewMs: 2_000 };
    this.#arbiter = new Arbiter({ ...options, store: watched(store, this.commits) });
    this.#arbiter.start();
  }

  static async open(place: StorePlace): Promise<Inside> {
    return new Inside(await openStoreAt(place));
  }

  async close(): Promise<void> {
    await this.#arbiter.stop();
    await this.#store.close();
  }

  async ask<R extends CallerRequest>(
    budgetId: string,
    request: R,
  ): Promise<Exclude<OutcomeOf[R['kind']], { kind: 'refused' }>> {
    const outcome: Outcome = await this.#arbiter.submit(budgetId, request as CallerRequest, CALLER);
    if (outcome.kind === 'refused' || outcome.kind === 'denied') throw new Error(JSON.stringify(outcome));
    return outcome as Exclude<OutcomeOf[R['kind']], { kind: 'refused' }>;
  }

  /** How long the state takes to load, as a replica must that lost a race. */
  async loadMs(budgetId: string): Promise<number> {
    const since = performance.now();
    await this.#store.load(budgetId);
    return performance.now() - since;
  }

  create(budgetId: string): Promise<unknown> {
    return this.ask(budgetId, { kind: 'put-policy', fields: ROOMY_FIELDS });
  }

  async grant(budgetId: string, aiId: string, leaseTtlMs?: number): Promise<LeaseRef> {
    const requestId = this.#id();
    const outcome = (await this.ask(budgetId, {
      ...{ kind: 'acquire' as const, aiId, requestId, requestIdMade: false, estimatedTokens: 200 },
      ...{ fingerprint: requestId, nonce: 'AbCdEfGhIjKlMnOp', ...(leaseTtlMs ? { leaseTtlMs } : {}) },
    })) as Granted;
    const lease = parseLeaseId(outcome.lease.leaseId);
    if (lease === undefined) throw new Error(outcome.lease.leaseId);
    return lease;
  }

  async record(budgetId: string, lease: LeaseRef): Promise<void> {
    await this.ask(budgetId, { kind: 'record', lease, usage: this.#usage('model-1') });
  }

  async recordUnleased(budgetId: string, aiId: string, model: string): Promise<void> {
    await this.ask(budgetId, { kind: 'record-unleased', aiId, usage: this.#usage(model) });
  }

  /** What an AI does in a turn: three commits. */
  async cycle(budgetId: string, aiId: string): Promise<void> {
    const lease = await this.grant(budgetId, aiId);
    await this.record(budgetId, lease);
    await this.ask(budgetId, { kind: 'release', lease });
  }

  #id(): string {
    this.#made += 1;
    return `${process.pid}-${this.#made}`;
  }

  #usage(model: string) {
    const usageId = this.#id();
    const tokens = { input: 120, output: 60, cacheRead: 0, cacheWrite: 0, reasoning: 0, total: 0 };
    const rest = { requestType: '', failed: false, errorMessage: '', fingerprint: usageId };
    return { usageId, tokens, model, ...rest };
  }
}

function watched(store: BudgetStore, commits: SeenCommit[]): BudgetStore {
  const commit: BudgetStore['commit'] = async (budgetId, expected, patch) => {
    const since = performance.now();
    const result = await store.commit(budgetId, expected, patch);
    commits.push({ patch, ms: performance.now() - since });
    return result;
  };
  return new Proxy(store, {
    get(target, name) {
      if (name === 'commit') return commit;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
