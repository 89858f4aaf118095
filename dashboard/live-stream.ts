/** What a page knows of its connection. */
export type Connection = 'connecting' | 'live' | 'lost';

export interface StreamEvents {
  readonly on: Readonly<Record<string, (data: unknown) => void>>;
  readonly connection: (state: Connection) => void;
  /** Asked before each new try: whether there is anybody to try it for. */
  readonly mayRetry: () => Promise<boolean>;
}

/** The service speaks every second. */
const SILENCE_MS = 3_500;
/** A connection can be dead without having been closed. */
const DEAD_MS = 10_000;
const LONGEST_PAUSE_MS = 8_000;

/** Server-sent events that open themselves again, whatever ended them. */
export class LiveStream {
  private source: EventSource | undefined;
  private heardAt = performance.now();
  private pauseMs = 500;
  private retry: number | undefined;
  private readonly watchdog: number;
  private state: Connection = 'connecting';
  private closed = false;

  constructor(
    private readonly url: string,
    private readonly events: StreamEvents,
  ) {
    this.watchdog = window.setInterval(() => this.check(), 500);
    this.open();
  }

  close(): void {
    this.closed = true;
    window.clearInterval(this.watchdog);
    window.clearTimeout(this.retry);
    this.source?.close();
  }

  private open(): void {
    this.retry = undefined;
    this.heardAt = performance.now();
    const source = new EventSource(this.url);
    this.source = source;
    for (const [name, take] of Object.entries(this.events.on)) {
      source.addEventListener(name, (event: MessageEvent<string>) => {
        this.heard();
        take(JSON.parse(event.data));
      });
    }
    source.addEventListener('error', () => this.again());
  }

  private heard(): void {
    this.heardAt = performance.now();
    this.pauseMs = 500;
    this.become('live');
  }

  private check(): void {
    const silentMs = performance.now() - this.heardAt;
    if (silentMs > SILENCE_MS) this.become('lost');
    if (silentMs > DEAD_MS && this.retry === undefined) this.again();
  }

  /** The browser would give up by itself after an answer that is an error. */
  private again(): void {
    this.source?.close();
    this.become('lost');
    if (this.closed || this.retry !== undefined) return;
    this.retry = window.setTimeout(async () => {
      const may = await this.events.mayRetry().catch(() => true);
      if (!this.closed && may) this.open();
    }, this.pauseMs);
    this.pauseMs = Math.min(LONGEST_PAUSE_MS, this.pauseMs * 2);
  }

  private become(state: Connection): void {
    if (state === this.state || this.closed) return;
    this.state = state;
    this.events.connection(state);
  }
}
