import { randomBytes } from 'node:crypto';
import type { TimeSources } from '../platform/clock.js';
import { tokenDigest } from './bearer-tokens.js';
import { type Principal, principalDigest } from './principal.js';

/** Who works through a browser, in the place of the token that was shown once. */
export interface Login {
  readonly principal: Principal;
  /** What every call must repeat: another site's page cannot read it. */
  readonly csrf: string;
}

/** A browser that is closed and forgotten is no longer signed in by then. */
const IDLE_MS = 30 * 60_000;
/** A JWT of an issuer that has withdrawn it counts for no longer than this. */
const LONGEST_MS = 8 * 3_600_000;
const MOST = 1_000;
const MOST_OF_ONE = 20;
const ID_BYTES = 32;

interface Open extends Login {
  readonly openedAt: number;
  usedAt: number;
}

/**
 * Logins of this replica, in memory alone: a restart ends them all. Kept under digests, so that a copy of the memory opens none.
 */
export class Logins {
  /** In the order of their last use. */
  private readonly byDigest = new Map<string, Open>();

  constructor(
    private readonly time: TimeSources,
    private readonly most = MOST,
  ) {}

  /** Returns the id, which only the browser keeps. */
  open(principal: Principal): { readonly id: string; readonly login: Login } {
    const now = this.time.monotonic();
    this.makeRoom(principal);
    const id = randomText();
    const login = { principal, csrf: randomText(), openedAt: now, usedAt: now };
    this.byDigest.set(tokenDigest(id), login);
    return { id, login };
  }

  /** The login of an id, which is in use by this. */
  use(id: string): Login | undefined {
    const digest = tokenDigest(id);
    const login = this.byDigest.get(digest);
    if (login === undefined) return undefined;
    this.byDigest.delete(digest);
    if (this.isOver(login)) return undefined;
    login.usedAt = this.time.monotonic();
    this.byDigest.set(digest, login);
    return login;
  }

  close(id: string): void {
    this.byDigest.delete(tokenDigest(id));
  }

  get size(): number {
    return this.byDigest.size;
  }

  private isOver({ openedAt, usedAt, principal }: Open): boolean {
    const now = this.time.monotonic();
    const ended = principal.until !== undefined && principal.until <= this.time.wall();
    return ended || principal.withdrawn === true || now - usedAt >= IDLE_MS || now - openedAt >= LONGEST_MS;
  }

  /** Whoever signs in again and again pushes out his own logins before those of others. */
  private makeRoom(principal: Principal): void {
    const who = principalDigest(principal);
    const own: string[] = [];
    for (const [digest, login] of [...this.byDigest]) {
      if (this.isOver(login)) this.byDigest.delete(digest);
      else if (principalDigest(login.principal) === who) own.push(digest);
    }
    const [oldest] = own.length >= MOST_OF_ONE ? own : this.byDigest.keys();
    const full = own.length >= MOST_OF_ONE || this.byDigest.size >= this.most;
    if (full && oldest !== undefined) this.byDigest.delete(oldest);
  }
}

export function randomText(): string {
  return randomBytes(ID_BYTES).toString('base64url');
}
