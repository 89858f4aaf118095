import { Access } from '../../src/access/access.js';
import type { AccessSettings, RoleGrant } from '../../src/access/access-settings.js';
import { tokenDigest } from '../../src/access/bearer-tokens.js';
import { PROCESS_TIME, type TimeSources } from '../../src/platform/clock.js';
import { PROCESS_SCHEDULER, type Scheduler } from '../../src/platform/scheduler.js';
import { collectedLog } from './collected-log.js';

export interface Wanted {
  /** Roles by token; the token is the principal's name, too. */
  readonly tokens?: Readonly<Record<string, readonly RoleGrant[]>>;
  readonly more?: Partial<AccessSettings>;
  readonly time?: TimeSources;
  readonly scheduler?: Scheduler;
}

export const ai = (budgets: string, ...ais: string[]): RoleGrant => ({ role: 'ai', budgets, ais });
export const viewer = (budgets: string): RoleGrant => ({ role: 'viewer', budgets, ais: [] });
export const operator = (budgets: string): RoleGrant => ({ role: 'operator', budgets, ais: [] });

export function settingsOf({ tokens = {}, more = {} }: Wanted): AccessSettings {
  const entries = Object.entries(tokens).map(([name, roles]) => ({ name, sha256: tokenDigest(name), roles }));
  return { tokens: entries, certificates: [], jwt: [], ...more };
}

/** The longest that an answer is held back. */
const HELD_MS = 5_000;
/** For tests of other things: answers that would be held back come at once. */
const HURRIED: Scheduler = {
  ...PROCESS_SCHEDULER,
  after(delayMs, task) {
    if (delayMs > HELD_MS) return PROCESS_SCHEDULER.after(delayMs, task);
    queueMicrotask(task);
    return () => {};
  },
};

/** Access for the tokens that a test names, with a log that it can read. */
export function accessFor(wanted: Wanted) {
  const { time = PROCESS_TIME, scheduler = HURRIED } = wanted;
  const log = collectedLog();
  return { access: new Access({ settings: settingsOf(wanted), time, scheduler, log }), log };
}
