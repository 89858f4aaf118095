import { h, setText } from './dom.js';
import type { Connection } from './live-stream.js';
import type { ServerClock } from './server-clock.js';

/** Says whether what is shown is of now: the way to the service, and the service's way to its store. */
export class ConnectionBadge {
  readonly element = h('p', { class: 'connection', role: 'status', 'aria-live': 'polite' });
  private state: Connection | 'off' = 'off';
  private problem: string | undefined;
  private lostAt: number | undefined;

  constructor(private readonly clock: ServerClock) {}

  connected(state: Connection | 'off'): void {
    if (state === 'lost') this.lostAt ??= this.clock.now();
    else this.lostAt = undefined;
    this.state = state;
    this.show();
  }

  /** What is wrong behind the service; undefined if nothing is. */
  store(problem: string | undefined): void {
    this.problem = problem;
    this.show();
  }

  private show(): void {
    const [kind, text] = this.told();
    this.element.className = `connection ${kind}`;
    setText(this.element, text);
  }

  private told(): [string, string] {
    if (this.state === 'off') return ['off', ''];
    if (this.lostAt !== undefined) {
      const since = new Date(this.lostAt).toLocaleTimeString();
      return ['lost', `Not live: no word from the service since ${since}. Trying again …`];
    }
    if (this.problem !== undefined) return ['stale', this.problem];
    return this.state === 'live' ? ['live', 'Live'] : ['connecting', 'Connecting …'];
  }
}
