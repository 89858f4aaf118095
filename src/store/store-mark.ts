import { StoreStartError } from './store.js';

/**
 * Why a store must not be served from: it is half of something, or its budgets live on elsewhere. Two services that each
 * take a replica of one budget for their own would hand out its tokens twice.
 */
export type StoreMark =
  /** A migration or a restore fills it. `raising`: all is there, and its numbers are being raised. */
  | { readonly kind: 'filling'; readonly transfer: string; readonly from: string; readonly raising: boolean }
  /**
   * A migration copies it. `to` is for a person; `target` is the identity of that one store, to which the migration is bound.
   * Absent: the mark was set by a version that did not bind it.
   */
  | { readonly kind: 'leaving'; readonly transfer: string; readonly to: string; readonly target?: string }
  /** A migration has moved it. */
  | { readonly kind: 'moved'; readonly transfer: string; readonly to: string; readonly target?: string }
  /** A backup: what was granted after it is not known in it. */
  | { readonly kind: 'backup'; readonly transfer: string; readonly from: string };

/** What is known of a store as a whole. */
export interface StoreLabel {
  /** Random, and never that of another store. An address is no identity: a store may be emptied, and has several. */
  readonly identity?: string;
  /** Rises with every change of the label; 0 before the first. */
  readonly revision: number;
  readonly mark?: StoreMark;
}

/** What the mark means for somebody who starts the service here, and what to do. */
export function markText(mark: StoreMark): string {
  switch (mark.kind) {
    case 'filling':
      return mark.raising
        ? 'a restore has not finished here: run the same restore again, and it goes on'
        : `the copy from ${mark.from} has not finished here: run the same command again, and it goes on`;
    case 'leaving':
      return `a migration of it to ${mark.to} has begun: run it again to finish it, or call it off with migrate --cancel`;
    case 'moved':
      return `its budgets were moved to ${mark.to}: start the service there, or migrate back into an empty store`;
    case 'backup':
      return `it is a backup of ${mark.from}: bring it back with the command restore, which sees to it that nothing is granted twice`;
  }
}

/** The service opens no store that has a mark. */
export function refuseMarked(place: string, mark: StoreMark | undefined): void {
  if (mark !== undefined) throw new StoreStartError(`${place} cannot be served from: ${markText(mark)}.`);
}
