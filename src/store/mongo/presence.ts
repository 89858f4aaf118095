import type { Log } from '../../platform/log.js';
import { pause, type Scheduler } from '../../platform/scheduler.js';
import { markText, type StoreMark } from '../store-mark.js';
import { readMark, type StoreDocuments } from './store-documents.js';

const BEAT_MS = 2_000;
const STOP_MS = 1_000;
/** How often each replica looks for those that were killed: an entry of theirs would stay for ever. */
const LOOK_EVERY_BEATS = 300;
/** Without a sign for so long, by the looker's monotonic clock. One that slept as long and goes on enters itself again. */
const GONE_MS = 3_600_000;
/** Above a beat and the longest that one may be held up. */
const WATCH_MS = 20_000;

/**
 * Shows that a replica serves from here, and looks whether it still may: a replica that stood still while its budgets were moved
 * away must not serve them when it goes on. Its beats show, too, that the primary still has a majority.
 */
export class Presence {
  private cancel: (() => void) | undefined;
  private stopped = false;
  private beats = 0;
  /** Of the other replicas the last sign, and when it was first seen. */
  private signs = new Map<string, { readonly beats: number; readonly since: number }>();

  constructor(
    private readonly documents: StoreDocuments,
    private readonly copyId: string,
    private readonly scheduler: Scheduler,
    private readonly log: Log,
    /** Called once, when the store must not be served from any more. */
    private readonly retired: (why: string) => void,
    private readonly monotonic: () => number,
  ) {}

  /** Before the mark is read: whoever marks the store and then looks for replicas sees this one, or it sees the mark. */
  async start(): Promise<void> {
    await this.show((work) => work());
    this.plan();
  }

  /** With a limit: a replica whose store is gone must still end in time. What stays behind is found not to beat. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancel?.();
    const removed = this.documents
      .copies()
      .deleteOne({ _id: this.copyId })
      .then(
        () => {},
        () => {},
      );
    let forget = (): void => {};
    const late = new Promise<void>((resolve) => {
      forget = this.scheduler.after(STOP_MS, resolve);
    });
    await Promise.race([removed, late]);
    forget();
  }

  private plan(): void {
    this.cancel = this.scheduler.after(BEAT_MS, () => {
      void this.beat().finally(() => {
        if (!this.stopped) this.plan();
      });
    });
  }

  private async beat(): Promise<void> {
    const { read, use } = this.documents;
    try {
      await this.show(use);
      const mark = await read((how) => readMark(this.documents, how));
      if (mark !== undefined) this.retire(mark);
      this.beats += 1;
      if (this.beats % LOOK_EVERY_BEATS === 1) await use(() => this.removeGone());
    } catch (error) {
      // A store that does not answer is told elsewhere.
      this.log.debug({ err: error }, 'the sign of life of this replica was not written');
    }
  }

  /** A first try whose outcome nobody knows may have left the entry already. */
  private async show(use: StoreDocuments['use']): Promise<void> {
    const { confirmBy } = this.documents;
    const isThere = await confirmBy(() => use(() => this.countUp()));
    if (!isThere && !this.stopped) await confirmBy(() => use(() => this.enter()));
  }

  private async countUp(): Promise<boolean> {
    const { copies } = this.documents;
    const { modifiedCount } = await copies().updateOne({ _id: this.copyId }, { $inc: { beats: 1 } });
    return modifiedCount > 0;
  }

  private async enter(): Promise<true> {
    await this.documents.copies().insertOne({ _id: this.copyId, beats: 0 });
    return true;
  }

  private async removeGone(): Promise<void> {
    const copies = this.documents.copies();
    const now = this.monotonic();
    const signs: typeof this.signs = new Map();
    for (const { _id, beats } of await copies.find({ _id: { $ne: this.copyId } }).toArray()) {
      const known = this.signs.get(_id);
      const sign = known?.beats === beats ? known : { beats, since: now };
      if (now - sign.since < GONE_MS) signs.set(_id, sign);
      // Only as it was seen: it may be back at this moment.
      else await copies.deleteOne({ _id, beats });
    }
    this.signs = signs;
  }

  private retire(mark: StoreMark): void {
    this.stopped = true;
    this.retired(`this store is not served from any more: ${markText(mark)}`);
  }
}

/** Replicas whose count rises while somebody looks. The entry of a replica that was killed stays as it is, and is removed. */
export async function runningReplicas(
  { copies, read }: Pick<StoreDocuments, 'copies' | 'read'>,
  scheduler: Scheduler,
): Promise<string[]> {
  const look = () => read((how) => copies().find({}, how).toArray());
  const before = await look();
  if (before.length === 0) return [];
  await pause(scheduler, WATCH_MS);
  const after = await look();
  const beats = new Map(before.map(({ _id, beats: count }) => [_id, count]));
  const running = after.filter(({ _id, beats: count }) => beats.get(_id) !== count);
  for (const { _id, beats: count } of after) {
    if (beats.get(_id) === count) await copies().deleteOne({ _id, beats: count });
  }
  return running.map(({ _id }) => _id);
}
