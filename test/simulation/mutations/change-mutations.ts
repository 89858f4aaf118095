import type { Mutation } from './mutation.js';

/** Mistakes of the records of changes. */
export const CHANGE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a correction that is repeated is recorded as another change',
    at: 'changeOf',
    find: 'return outcome.replayed ? undefined : changeOfUsage(',
    replace: 'return changeOfUsage(',
  },
  {
    name: 'a record of a change counts as written whatever became of the write',
    at: 'ChangeWriteOut',
    find: 'if (outcome === undefined) {',
    replace: "if (outcome !== 'refused') {",
  },
  {
    name: 'two changes in one commit share a number',
    at: 'recordChange',
    find: '  ledger.changeCount += 1;',
    replace: '  if (!ledger.tables.changes.touched) ledger.changeCount += 1;',
  },
];
