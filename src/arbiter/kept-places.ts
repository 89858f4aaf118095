import { LazyMap } from '../domain/model/lazy-map.js';
import type { AcquireRequest } from '../domain/model/requests.js';

const KEPT_MS = 60_000;
const MOST_KEPT = 1_000;

/** Where calls stood whose wait ended in vain: who repeats its request id soon stands there again. */
export class KeptPlaces {
  /** In the order in which the waits ended. */
  private readonly places = new LazyMap<string, { readonly order: number; readonly until: number }>();

  /** `now` is the monotonic clock's. */
  keep(request: AcquireRequest, order: number, now: number): void {
    // Nobody can repeat an id that the server made.
    if (request.requestIdMade) return;
    const key = keyOf(request);
    this.places.delete(key);
    this.places.set(key, { order, until: now + KEPT_MS });
    for (const [oldest, { until }] of this.places) {
      if (until > now && this.places.size <= MOST_KEPT) break;
      this.places.delete(oldest);
    }
  }

  /** It is one call's: another with the same id has a place of its own. */
  take(request: AcquireRequest, now: number): number | undefined {
    const key = keyOf(request);
    const place = this.places.get(key);
    this.places.delete(key);
    return place !== undefined && now < place.until ? place.order : undefined;
  }
}

function keyOf({ aiId, requestId }: AcquireRequest): string {
  return `${aiId} ${requestId}`;
}
