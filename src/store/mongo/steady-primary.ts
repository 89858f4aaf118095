import type { MongoClient, ReadConcernLike, ServerDescription } from 'mongodb';

/**
 * Elections begin when a secondary has heard nothing of its primary for `electionTimeoutMillis`, by default 10 s. A primary to
 * which a majority has just answered is the only one for that long; and this, with the longest read, stays well below it.
 */
const STEADY_MS = 4_000;

/** What a read is sent with: by itself it says nothing, so that the client's read concern, majority, holds. */
export interface CurrentRead {
  readonly readConcern?: ReadConcernLike;
}

const AS_THE_CLIENT_SAYS: CurrentRead = {};
/** The primary reads what it has, and answers when a majority has confirmed that it was the primary and that they have it. */
const CONFIRMED: CurrentRead = { readConcern: { level: 'linearizable' } };

/**
 * Makes reads see every acknowledged write, at no cost while one primary serves.
 *
 * A new primary has all of them, but shows to reads of read concern majority only what it knows a majority to have; that may for
 * a moment be less than before. A primary that was cut off from the others shows what was, until it notices. Once it has
 * acknowledged a write of write concern majority, neither can be: from then on plain reads are current, for a while and as long as
 * the driver sees the same primary. At all other times a read is confirmed by the server (linearizable). Behind a mongos nobody sees
 * primaries, so there it always is. A server that is no replica set has nobody to lag behind.
 */
export class SteadyPrimary {
  private client: MongoClient | undefined;
  /** Names the primary and its term; undefined where none is known or to be seen. */
  private primary: string | undefined;
  /** The server is no member of a replica set. */
  private isAlone = false;
  /** Rises when the primary may have become another. */
  private reign = 0;
  private steadyUntil = Number.NEGATIVE_INFINITY;

  constructor(private readonly monotonic: () => number) {}

  /** From now on this client is the one in use. To be called before it connects. */
  follow(client: MongoClient): MongoClient {
    this.client = client;
    this.changed([]);
    client.on('topologyDescriptionChanged', ({ newDescription: { servers } }) => {
      if (this.client === client) this.changed([...servers.values()]);
    });
    return client;
  }

  /** `write`: of write concern majority; true where it changed something. If it is acknowledged, so is the primary. */
  async confirmBy(write: () => Promise<boolean>): Promise<boolean> {
    const { reign } = this;
    const sentAt = this.monotonic();
    const changed = await write();
    if (changed && reign === this.reign) this.steadyUntil = sentAt + STEADY_MS;
    return changed;
  }

  /** A read that is current. It is told what it must be sent with, and may be sent twice. */
  async read<T>(send: (how: CurrentRead) => Promise<T>): Promise<T> {
    const { reign } = this;
    if (this.isAlone || this.isSteady) {
      const result = await send(AS_THE_CLIENT_SAYS);
      if (this.isAlone || (reign === this.reign && this.isSteady)) return result;
    }
    return send(CONFIRMED);
  }

  private get isSteady(): boolean {
    return this.primary !== undefined && this.monotonic() < this.steadyUntil;
  }

  private changed(servers: readonly ServerDescription[]): void {
    const known = servers.filter(({ type }) => type !== 'Unknown');
    // A server that is out of reach is still what it was.
    if (known.length > 0) this.isAlone = known.some(({ type }) => type === 'Standalone');
    const primary = known.find(({ type }) => type === 'RSPrimary');
    const name = primary && `${primary.address} ${primary.setVersion} ${primary.electionId}`;
    if (name !== undefined && name === this.primary) return;
    this.primary = name;
    this.reign += 1;
    this.steadyUntil = Number.NEGATIVE_INFINITY;
  }
}
