import { afterEach, beforeEach, describe } from 'vitest';
import type { BudgetStore } from '../../src/store/store.js';
import { describeChanges } from './contract-changes.js';
import { describeCommits } from './contract-commits.js';
import { describeCrashes } from './contract-crashes.js';
import { describeDays } from './contract-days.js';
import { describeDenials } from './contract-denials.js';
import { describeFreshness } from './contract-freshness.js';
import { describeLists } from './contract-lists.js';
import { describeReceipts } from './contract-receipts.js';
import { describeTidying } from './contract-tidying.js';

export interface OpenedStore {
  readonly store: BudgetStore;
  /** A second way to the same data, as another replica has; the same one if the store is exclusive. */
  readonly peer: BudgetStore;
  /** Leaves the store as a process that ended would, and opens it again. */
  reopen(): Promise<BudgetStore>;
  destroy(): Promise<void>;
}

export interface ContractOptions {
  /** How often racers race: less on a store across a network. */
  readonly rounds: number;
}

/** The open store of the test that runs. */
export interface Subject {
  readonly current: OpenedStore;
  readonly store: BudgetStore;
}

/** What every store guarantees: see `src/store/store.ts`. */
export function describeStoreContract(
  name: string,
  open: () => Promise<OpenedStore>,
  options: ContractOptions,
): void {
  describe(`${name} keeps the contract of a store`, () => {
    let opened: OpenedStore | undefined;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(async () => {
      await opened?.destroy();
      opened = undefined;
    });
    const subject: Subject = {
      get current() {
        if (!opened) throw new Error('no store is open');
        return opened;
      },
      get store() {
        return subject.current.store;
      },
    };
    describeCommits(subject, options);
    describeDays(subject, options);
    describeReceipts(subject, options);
    describeChanges(subject, options);
    describeFreshness(subject, options);
    describeLists(subject);
    describeTidying(subject, options);
    describeDenials(subject, options);
    describeCrashes(subject);
  });
}
