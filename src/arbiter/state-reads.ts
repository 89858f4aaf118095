import type { StoredState } from '../domain/model/state.js';
import {
  type BudgetStore,
  compareVersions,
  type Freshness,
  type StateVersion,
  StoreError,
} from '../store/store.js';

const ABSENT: StateVersion = { epoch: 0, revision: 0 };

export interface ReadState {
  readonly stored: StoredState | undefined;
  /** It shows every commit that was acknowledged before it was read: answers that no commit carries may rest on it. */
  readonly isCurrent: boolean;
}

/** Reads of one budget's state by this replica: none shows less than one before it, or than what this replica has committed. */
export class StateReads {
  /** The highest version that this replica has seen. */
  private seen = ABSENT;
  /** At first nobody knows what must be seen. After that, a commit proves by its comparison what it was decided on. */
  private next: Freshness = 'current';

  constructor(
    private readonly store: BudgetStore,
    private readonly budgetId: string,
  ) {}

  async load(): Promise<ReadState> {
    const freshness = this.next;
    const stored = await this.store.load(this.budgetId, freshness);
    const version = stored?.head ?? ABSENT;
    const isCurrent = freshness === 'current';
    if (compareVersions(version, this.seen) >= 0) {
      this.next = 'recent';
      this.saw(version);
      return { stored, isCurrent };
    }
    if (isCurrent) throw setBack(version, this.seen);
    this.doubt();
    return this.load();
  }

  /** Whether nobody has committed since this version. If not, the loading that follows proves what it shows. */
  async isCurrent({ epoch, revision }: StateVersion): Promise<boolean> {
    const version = (await this.store.version(this.budgetId)) ?? ABSENT;
    const same = version.epoch === epoch && version.revision === revision;
    if (!same) this.doubt();
    return same;
  }

  /** Something went wrong with the store: what it shows next must be current. */
  doubt(): void {
    this.next = 'current';
  }

  /** The budget is at this version now: nothing below it is taken any more. */
  saw({ epoch, revision }: StateVersion): void {
    this.seen = { epoch, revision };
  }
}

/** No fail-over does this: a database that was dropped, or put back from a copy, while the service runs on it. */
function setBack(found: StateVersion, seen: StateVersion): StoreError {
  const text = ({ epoch, revision }: StateVersion) => `epoch ${epoch}, revision ${revision}`;
  return new StoreError(
    'unavailable',
    `the store has this budget at ${text(found)}, and had it at ${text(seen)} before; ` +
      'if its data was set back on purpose, start all replicas anew',
  );
}
