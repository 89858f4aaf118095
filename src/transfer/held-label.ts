import { StartError } from '../platform/start-error.js';
import type { StoreLabel, StoreMark } from '../store/store-mark.js';
import type { TransferStore } from '../store/transfer-store.js';

/**
 * The label of one store, in the hand of one command: it changes by compare-and-swap from what this command last saw or
 * wrote. Whoever begins later and changes it takes the store over, and this command ends at its next step.
 */
export class HeldLabel {
  private constructor(
    private readonly store: TransferStore,
    private readonly newId: () => string,
    private label: StoreLabel,
  ) {}

  static async of(store: TransferStore, { newId }: { readonly newId: () => string }): Promise<HeldLabel> {
    return new HeldLabel(store, newId, await store.readLabel());
  }

  get mark(): StoreMark | undefined {
    return this.label.mark;
  }

  get identity(): string | undefined {
    return this.label.identity;
  }

  /** Gives the store an identity, if it has none yet. */
  async identify(): Promise<string> {
    if (this.label.identity === undefined) await this.set(this.label.mark);
    return this.label.identity ?? '';
  }

  /** For a copy, which has the label of its origin, too. */
  setAsAnother(mark: StoreMark | undefined): Promise<void> {
    return this.replace(mark, this.newId());
  }

  set(mark: StoreMark | undefined): Promise<void> {
    return this.replace(mark, this.label.identity ?? this.newId());
  }

  private async replace(mark: StoreMark | undefined, identity: string): Promise<void> {
    const label = { identity, revision: this.label.revision + 1, ...(mark && { mark }) };
    if (!(await this.store.replaceLabel(this.label, label))) {
      throw new StartError(
        `another command has changed ${this.store.place} meanwhile: let it end, and run this again if it is still wanted`,
      );
    }
    this.label = label;
  }
}
