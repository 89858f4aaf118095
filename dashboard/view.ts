import type { Api } from './api.js';
import type { ConnectionBadge } from './connection-badge.js';
import type { ServerClock } from './server-clock.js';

/** What every view of the page has at hand. */
export interface PageContext {
  readonly api: Api;
  readonly clock: ServerClock;
  readonly connection: ConnectionBadge;
  /** Whether there is still somebody to show anything to; asks the service. */
  readonly isSignedIn: () => Promise<boolean>;
  readonly signedOut: () => void;
}

/** What stands under the header at one address. */
export interface View {
  readonly title: string;
  readonly element: HTMLElement;
  /** Called each second, for what counts down. */
  tick?(): void;
  /** The address has changed, and is still this view's. */
  moved?(query: URLSearchParams): boolean;
  close(): void;
}
