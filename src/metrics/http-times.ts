import type { HttpObserver } from '../api/http-observer.js';
import { Buckets, SECONDS } from './buckets.js';
import type { Exposition, Labels } from './exposition.js';

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
