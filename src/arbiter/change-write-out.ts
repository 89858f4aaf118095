import type { Ledger } from '../domain/ledger/ledger.js';
import type { StoredChange } from '../domain/model/changes.js';
import { LazyMap } from '../domain/model/lazy-map.js';
import { LazySet } from '../domain/model/lazy-set.js';
import type { Context } from './context.js';

/** What became of a write: nothing went wrong, the store refuses it for good, or it is to be tried again. */
export type Attempt = 'refused' | 'failed' | undefined;

const NOTHING: ReadonlyMap<string, number> = new Map();
/** After a failure, the next try. */
const RETRY_MS = 500;

/**
 * Writes records of changes out of the committed state of one budget. They are few and never change, so whoever has the state in
 * memory writes what stands there; that another replica does so, too, changes nothing.
 */
export class ChangeWriteOut {
  /** By key, the revision that is known to be written. */
  private readonly written = new LazyMap<string, number>();
  /** Records that the store refuses by themselves. */
  private readonly refused = new LazySet<string>();
  private writing: Promise<unknown> | undefined;
  private failedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly context: Context,
    private readonly budgetId: string,
    private readonly attempt: (write: () => Promise<void>) => Promise<Attempt>,
  ) {}

  /** The ledger stands for the committed state. */
  tick({ tables: { changes } }: Ledger): void {
    for (const [key, revision] of this.written)
      if (changes.get(key)?.revision !== revision) this.written.delete(key);
    if (changes.size === 0 || this.writing !== undefined) return;
    if (this.context.clock.monotonic() - this.failedAt < RETRY_MS) return;
    const some = this.unwritten(changes.values());
    if (some.length === 0) return;
    this.writing = this.write(some).finally(() => {
      this.writing = undefined;
    });
  }

  /** What the state may drop. */
  drops({ tables: { changes } }: Ledger): ReadonlyMap<string, number> {
    if (this.written.size === 0) return NOTHING;
    return new Map([...this.written].filter(([key, revision]) => changes.get(key)?.revision === revision));
  }

  /** Nothing is left to write, and the state knows it. */
  idle(ledger: Ledger): boolean {
    return this.writing === undefined && ledger.tables.changes.size <= this.refused.size;
  }

  /** Writes everything as the ledger has it; true when it is durable. */
  async flush({ tables: { changes } }: Ledger): Promise<boolean> {
    this.refused.clear();
    await this.writing;
    return this.write(this.unwritten(changes.values()));
  }

  private unwritten(changes: Iterable<StoredChange>): StoredChange[] {
    return [...changes].filter(({ number, revision }) => {
      const key = String(number);
      return this.written.get(key) !== revision && !this.refused.has(key);
    });
  }

  private async write(changes: readonly StoredChange[]): Promise<boolean> {
    if (changes.length === 0) return true;
    const { store, clock } = this.context;
    const outcome = await this.attempt(() => store.writeChanges(this.budgetId, changes));
    if (outcome === undefined) {
      for (const { number, revision } of changes) this.written.set(String(number), revision);
      return true;
    }
    if (outcome === 'failed') {
      this.failedAt = clock.monotonic();
      return false;
    }
    const [first, ...others] = changes;
    if (others.length === 0) this.refused.add(String(first?.number));
    else for (const change of changes) await this.write([change]);
    return false;
  }
}
