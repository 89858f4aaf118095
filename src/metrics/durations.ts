import { codeName } from '../api/failures/status.js';
import type { HttpObserver, MethodObserver, RpcObserver } from '../api/observers.js';
import type { StoreObserver, StoreOperation, StoreOutcome } from '../store/observed-store.js';
import type { StoreFailure } from '../store/store.js';
import { Buckets, SECONDS } from './buckets.js';
import type { Exposition, Labels } from './exposition.js';

/** How long calls take, and how they end. */
export class RpcTimes implements RpcObserver {
  private readonly methods = new Map<string, MethodTimes>();
  private refusals = 0;

  constructor(private readonly monotonic: () => number) {}

  method(path: string): MethodObserver {
    const known = this.methods.get(path);
    if (known !== undefined) return known;
    const made = new MethodTimes(this.monotonic);
    this.methods.set(path, made);
    return made;
  }

  refused(): void {
    this.refusals += 1;
  }

  expose(exposition: Exposition): void {
    const family = {
      name: 'rpc_duration_seconds',
      help: 'How long calls took, by method and code, alone, within a session or over HTTP; a call that waits for a slot as long as it waited, a stream as long as it was open.',
    };
    exposition.histogram(family, () =>
      this.all().flatMap(([method, times]) =>
        [...times.byCode].map(([code, buckets]) => [{ method, code: codeName(code) }, buckets] as const),
      ),
    );
    exposition.gauge({ name: 'rpc_active', help: 'Calls under way, by method.', labels: ['method'] }, () =>
      this.all().map(([method, { active }]) => [{ method }, active] as const),
    );
    const refused = {
      name: 'refused_calls_total',
      help: 'Calls that were refused unseen, since too many were under way; rpc_duration_seconds does not count them.',
    };
    exposition.counter(refused, () => [[{}, this.refusals]]);
  }

  private all(): [string, MethodTimes][] {
    return [...this.methods].map(([path, times]) => [path.slice(1), times]);
  }
}

class MethodTimes implements MethodObserver {
  active = 0;
  readonly byCode = new Map<number, Buckets>();

  constructor(private readonly monotonic: () => number) {}

  begin(): number {
    this.active += 1;
    return this.monotonic();
  }

  end(begunAt: number, code: number): void {
    this.active -= 1;
    let buckets = this.byCode.get(code);
    if (buckets === undefined) {
      buckets = new Buckets(SECONDS);
      this.byCode.set(code, buckets);
    }
    buckets.addMs(this.monotonic() - begunAt);
  }
}

/** How long requests over HTTP take, and how they end. */
export class HttpTimes implements HttpObserver {
  private readonly requests = new Map<string, readonly [Labels, Buckets]>();

  constructor(readonly monotonic: () => number) {}

  ended(path: string, status: number, ms: number): void {
    const key = `${status} ${path}`;
    let timed = this.requests.get(key);
    if (timed === undefined) {
      timed = [{ path, status: String(status) }, new Buckets(SECONDS)];
      this.requests.set(key, timed);
    }
    timed[1].addMs(ms);
  }

  expose(exposition: Exposition): void {
    const family = {
      name: 'http_request_duration_seconds',
      help: 'How long it took until an HTTP request had its answer, by path and status; path is empty where nothing is served.',
    };
    exposition.histogram(family, () => this.requests.values());
  }
}

const FAILURES: readonly (StoreFailure | 'unforeseen')[] = [
  'unavailable',
  'unknown',
  'refused',
  'unforeseen',
];

interface Operation {
  readonly times: Buckets;
  readonly failures: Map<StoreOutcome, number>;
}

/** How long the store takes, and how it fails. */
export class StoreTimes implements StoreObserver {
  private readonly operations = new Map<StoreOperation, Operation>();

  ended(name: StoreOperation, outcome: StoreOutcome, ms: number): void {
    let operation = this.operations.get(name);
    if (operation === undefined) {
      // From zero on, so that the first failure is seen as a rise.
      const none = FAILURES.map((failure) => [failure, 0] as const);
      operation = { times: new Buckets(SECONDS), failures: new Map(none) };
      this.operations.set(name, operation);
    }
    operation.times.addMs(ms);
    if (outcome !== 'ok') operation.failures.set(outcome, (operation.failures.get(outcome) ?? 0) + 1);
  }

  expose(exposition: Exposition): void {
    exposition.histogram(
      {
        name: 'store_duration_seconds',
        help: 'How long operations of the store took, failed ones included.',
      },
      () => [...this.operations].map(([operation, { times }]) => [{ operation }, times] as const),
    );
    const errors = {
      name: 'store_errors_total',
      help: 'Operations of the store that failed: certainly not done, of unknown outcome, refused for good, or unforeseen.',
      labels: ['operation', 'failure'],
    };
    exposition.counter(errors, () =>
      [...this.operations].flatMap(([operation, { failures }]) =>
        [...failures].map(([failure, count]) => [{ operation, failure }, count] as const),
      ),
    );
  }
}
