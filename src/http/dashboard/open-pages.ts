import { ArbiterError } from '../../arbiter/service-port.js';
import type { Log } from '../../platform/log.js';
import { Stream } from '../response.js';
import { EventStream } from './event-stream.js';

/** Fewer than the requests that the server carries: pages must not keep health checks and the API out. */
const MOST = 64;

/** The pages that are told what happens. */
export class OpenPages {
  private readonly streams = new Set<EventStream>();
  private closing = false;

  constructor(private readonly log: Log) {}

  /** Throws where there is no room, before anything is sent. */
  stream(follow: (stream: EventStream) => Promise<void>): Stream {
    if (this.closing) throw new ArbiterError('SHUTTING_DOWN', 'the service is stopping', 1_000);
    if (this.streams.size >= MOST) {
      throw new ArbiterError('QUEUE_FULL', `${MOST} pages are open already; close one`, 5_000);
    }
    return new Stream('text/event-stream; charset=utf-8', (response) => {
      const stream = new EventStream(response, this.log);
      this.streams.add(stream);
      stream.onGone(() => this.streams.delete(stream));
      follow(stream).catch((error: unknown) => stream.fail(error));
    });
  }

  get size(): number {
    return this.streams.size;
  }

  /** They open themselves again, on another replica if there is one. */
  close(): void {
    this.closing = true;
    for (const stream of [...this.streams]) stream.end();
  }
}
