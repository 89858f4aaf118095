export interface ToyLease {
  readonly fence: number;
  readonly aiId: string;
  readonly reserved: number;
}

/** A state so small that everything about it can be known: what was applied, which slots are held, what time must close. */
export interface ToyState {
  readonly epoch: number;
  revision: number;
  readonly applied: Set<number>;
  /** Slots that are held, in the order of their grants. */
  live: readonly ToyLease[];
  fence: number;
  /** Rises with all that may admit somebody who was denied. */
  loosened: number;
  overdue: readonly number[];
}

export interface ToyCommit {
  readonly expected: number;
  readonly next: ToyState;
}

export function copyOf(state: ToyState): ToyState {
  return { ...state, applied: new Set(state.applied) };
}

function signatureOf({ revision, applied, live, overdue }: ToyState): string {
  const held = live.map(({ fence }) => fence).join(',');
  return `${revision}: ${[...applied].sort((a, b) => a - b).join(',')} / ${held} / ${overdue.join(',')}`;
}

export function isSame(a: ToyState, b: ToyState | undefined): boolean {
  return b !== undefined && signatureOf(a) === signatureOf(b);
}

/** One budget as it is stored: it swaps or does not, and remembers every state there ever was, and until when. */
export class ToyStore {
  private state: ToyState = {
    ...{ epoch: 1, revision: 1, applied: new Set<number>(), live: [], fence: 0, loosened: 0 },
    overdue: [],
  };
  private readonly history = new Map<number, { state: ToyState; until: number }>();

  constructor() {
    this.remember();
  }

  private remember(): void {
    this.history.set(this.state.revision, { state: copyOf(this.state), until: Number.POSITIVE_INFINITY });
  }

  /** As it is, or as it was at a revision. */
  load(revision = this.revision): ToyState {
    return copyOf(this.history.get(revision)?.state ?? this.state);
  }

  get revision(): number {
    return this.state.revision;
  }

  has(job: number): boolean {
    return this.state.applied.has(job);
  }

  swap({ expected, next }: ToyCommit, now: number): boolean {
    if (this.state.revision !== expected) return false;
    const before = this.history.get(expected);
    if (before !== undefined) before.until = now;
    this.state = copyOf(next);
    this.remember();
    return true;
  }

  /** Whether a ledger shows exactly what is, or was, stored at its revision. */
  wasStored(ledger: ToyState): boolean {
    const stored = this.history.get(ledger.revision);
    return stored !== undefined && signatureOf(stored.state) === signatureOf(ledger);
  }

  /** Whether this was the newest state at that time, or at any time since. */
  wasCurrentSince(revision: number, time: number): boolean {
    return (this.history.get(revision)?.until ?? -1) >= time;
  }
}
