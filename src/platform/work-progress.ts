/** How far long work is: told by what does it, shown by what was asked for it. */
export interface WorkProgress {
  /** A part of the work begins. The one before it is over. */
  begin(part: WorkPart): void;
  /** So many pieces of the part are done by now; fewer than before where some are done again. */
  reach(pieces: number): void;
}

export interface WorkPart {
  /** For a person, as `copying`. */
  readonly what: string;
  /** As near as can be known before. */
  readonly pieces: number;
  /** What the pieces are, as `documents`; absent: nothing that a person counts. */
  readonly of?: 'budgets' | 'bytes' | 'days' | 'documents';
}

/** For whoever has nobody to tell. */
export const UNSEEN: WorkProgress = { begin: () => {}, reach: () => {} };
