import { Arbiter } from '../../../src/arbiter/arbiter.js';
import type { Bounds } from '../../../src/arbiter/bounds.js';
import type { ArbiterObserver } from '../../../src/arbiter/observer.js';
import type { CallerRequest } from '../../../src/arbiter/service-port.js';
import type { BudgetSnapshot, OutcomeOf } from '../../../src/domain/model/outcomes.js';
import type { PolicyFields } from '../../../src/domain/model/policy.js';
import type { AcquireRequest } from '../../../src/domain/model/requests.js';
import type { SessionRef } from '../../../src/domain/model/session-ref.js';
import type { StoredState, UsageDay } from '../../../src/domain/model/state.js';
import type { Tracing } from '../../../src/platform/tracing.js';
import { openMemoryStore } from '../../../src/store/memory/memory-store.js';
import type { BudgetStore } from '../../../src/store/store.js';
import { caller } from '../../support/caller.js';
import { collectedLog, type LogEntry } from '../../support/collected-log.js';
import { FaultyStore } from '../../support/faulty-store.js';
import { ManualClock } from '../../support/manual-clock.js';
import { ManualScheduler } from '../../support/manual-scheduler.js';
import { ROOMY_WINDOWS } from '../../support/policies.js';
import { acquire, leaseOf } from '../../support/requests.js';

export const BUDGET = 'anthropic';

/** Generous: what a test is not about must not refuse. */
export const ROOMY: PolicyFields = {
  monthlyLimit: 100_000_000,
  ...ROOMY_WINDOWS,
  maxConcurrent: 2,
  maxConcurrentPerAi: 100,
  defaultReservation: 1_000,
};

export const ONE_SLOT: PolicyFields = { ...ROOMY, maxConcurrent: 1 };

export interface WorldOptions {
  readonly replicas?: number;
  readonly exclusive?: boolean;
  readonly receiptsInCommit?: boolean;
  readonly policy?: PolicyFields;
  readonly bounds?: Partial<Bounds>;
  readonly start?: string;
  readonly seed?: number;
  readonly observer?: ArbiterObserver;
  readonly tracing?: Tracing;
}

/** Some replicas over one store, with time, chance and the network in the test's hand. */
export interface World {
  readonly clock: ManualClock;
  readonly scheduler: ManualScheduler;
  readonly inner: BudgetStore;
  readonly replicas: readonly Arbiter[];
  /** The first replica, and its way to the store. */
  readonly arbiter: Arbiter;
  readonly store: FaultyStore;
  readonly stores: readonly FaultyStore[];
  readonly log: { readonly entries: readonly LogEntry[] };
  ask<R extends CallerRequest>(request: R, replica?: number): Promise<OutcomeOf[R['kind']]>;
  snapshot(replica?: number): Promise<BudgetSnapshot>;
  state(): Promise<StoredState>;
  documents(): Promise<UsageDay[]>;
}

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const { replicas = 1, exclusive = replicas === 1, policy = ROOMY, bounds, start, seed } = options;
  const { receiptsInCommit = false } = options;
  const clock = new ManualClock(start ?? '2026-11-10T09:10:00Z');
  const scheduler = new ManualScheduler([clock], seed);
  const inner = await openMemoryStore({ exclusive, receiptsInCommit });
  const log = collectedLog();
  const stores = Array.from({ length: replicas }, () => new FaultyStore(inner));
  const arbiters = stores.map((store, at) => {
    const copyId = `copy-${at}`;
    const { observer, tracing } = options;
    const told = { ...(observer && { observer }), ...(tracing && { tracing }), ...(bounds && { bounds }) };
    return new Arbiter({ store, clock, log, copyId, maxSkewMs: 2_000, scheduler, ...told });
  });
  const [arbiter, store] = [arbiters[0], stores[0]];
  if (arbiter === undefined || store === undefined) throw new Error('a world needs a replica');
  for (const replica of arbiters) replica.start();
  const ask: World['ask'] = (request, replica = 0) => {
    const promise = (arbiters[replica] ?? arbiter).submit(BUDGET, request, caller());
    return scheduler.until(promise);
  };
  await ask({ kind: 'put-policy', fields: policy });
  return {
    ...{ clock, scheduler, inner, replicas: arbiters, arbiter, store, stores, log, ask },
    async snapshot(replica = 0) {
      const outcome = await ask({ kind: 'get-snapshot' }, replica);
      if (outcome.kind !== 'snapshot') throw new Error(JSON.stringify(outcome));
      return outcome.snapshot;
    },
    async state() {
      const state = await inner.load(BUDGET);
      if (state === undefined) throw new Error('there is no state');
      return state;
    },
    documents: async () =>
      inner.readDays(BUDGET, (await inner.version(BUDGET))?.epoch ?? 0, '2000-01-01', '2100-01-01'),
  };
}

/** A session as a client has it: its stream is on one replica, and its caller goes when the stream breaks. */
export async function openSession(
  world: World,
  session: SessionRef,
  { replica = 0, aiId = 'a' }: { replica?: number; aiId?: string } = {},
) {
  const stream = caller();
  let takenUp = false;
  const arbiter = world.replicas[replica] ?? world.arbiter;
  const request = { aiId, session, budgetIds: [BUDGET] };
  const onTakenUp = () => {
    takenUp = true;
  };
  const opened = await world.scheduler.until(arbiter.openSession(request, onTakenUp, stream));
  if (opened.kind !== 'open') throw new Error(JSON.stringify(opened));
  return {
    leases: opened.leases,
    takenUp: () => takenUp,
    acquire: async (more: Partial<AcquireRequest> = {}) => {
      const asked = arbiter.submit(BUDGET, acquire(aiId, { ...more, session }), stream);
      return leaseOf(await world.scheduler.until(asked));
    },
    break: () => {
      stream.leave();
      opened.close([BUDGET]);
    },
    leave: () => {
      stream.leave();
      opened.leave([BUDGET]);
    },
  };
}

/** A call that waits for a slot, and what has come of it so far. */
export function wait(world: World, request: AcquireRequest, waitMs = 60_000, replica = 0, who = caller()) {
  const promise = (world.replicas[replica] ?? world.arbiter).acquireWaiting(BUDGET, request, waitMs, who);
  const waiting = { promise, who, outcome: undefined as OutcomeOf['acquire'] | undefined, failure: '' };
  promise.then(
    (outcome) => {
      waiting.outcome = outcome;
    },
    (error) => {
      waiting.failure = error.failure;
    },
  );
  return waiting;
}

/** Sets aside how a promise ends until the test asks. */
export async function settled<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [result] = await Promise.allSettled([promise]);
  return result;
}
