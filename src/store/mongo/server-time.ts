import type { Db } from 'mongodb';
import { isRejected } from './mongo-errors.js';

/** The database of this service, and `admin`. */
export interface Databases {
  readonly own: Db;
  readonly admin: Db;
}

/** Undefined: it answers, but does not tell. */
type Way = (databases: Databases) => Promise<unknown>;

/**
 * From the cheapest to the dearest. `hello` needs no privilege; a server or a proxy that leaves `localTime` out of it may tell
 * by `$$NOW`, and by `serverStatus` to whoever may ask for that.
 */
const WAYS: readonly Way[] = [
  async ({ admin }) => (await admin.command({ hello: 1 }))['localTime'],
  async ({ own }) => (await own.collection('marks').aggregate(NOW).toArray())[0]?.['now'],
  async ({ admin }) => (await admin.command({ serverStatus: 1 }))['localTime'],
];

/** `$facet` makes one document, whatever is in the collection. */
const NOW = [{ $limit: 1 }, { $facet: { some: [{ $limit: 1 }] } }, { $project: { now: '$$NOW' } }];

/** The server's time, in the first way in which it tells it. */
export class ServerTime {
  private way: Way | undefined;

  constructor(private readonly monotonic: () => number) {}

  /** In ms, with half the round trip added; undefined from a server that does not tell. */
  async ask(databases: Databases): Promise<number | undefined> {
    const known = this.way;
    const time = known && (await this.askBy(known, databases));
    if (time !== undefined) return time;
    for (const way of WAYS) {
      const told = await this.tryBy(way, databases);
      if (told === undefined) continue;
      this.way = way;
      return told;
    }
    return undefined;
  }

  private async tryBy(way: Way, databases: Databases): Promise<number | undefined> {
    try {
      return await this.askBy(way, databases);
    } catch (error) {
      // It does not know the command, or not for this user.
      if (isRejected(error)) return undefined;
      throw error;
    }
  }

  private async askBy(way: Way, databases: Databases): Promise<number | undefined> {
    const asked = this.monotonic();
    const told = msOf(await way(databases));
    return told === undefined ? undefined : told + (this.monotonic() - asked) / 2;
  }
}

/** A date, or a number of ms since 1970; one that cannot be that counts something else. */
function msOf(told: unknown): number | undefined {
  const ms = told instanceof Date ? told.getTime() : told;
  return typeof ms === 'number' && ms > YEAR_2000 && ms < YEAR_2200 ? ms : undefined;
}

const YEAR_2000 = 946_684_800_000;
const YEAR_2200 = 7_258_118_400_000;
