import { codeName } from '../api/failures/status.js';
import type { MethodObserver, RpcObserver } from '../api/rpc-observer.js';
import { Buckets, SECONDS } from './buckets.js';
import type { Exposition } from './exposition.js';

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
