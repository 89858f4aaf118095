import type { Mutation } from './mutation.js';

const script = 'test/transfer/simulation/main.ts';

/** Mistakes about the marks of a migration. */
export const TRANSFER_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a migration that has begun goes into another store',
    ...{ script, at: 'refuseOther' },
    find: '  if (here.target === identity) return;\n',
    replace: '  if (identity !== undefined) return;\n',
  },
  {
    name: 'a mark is set over whatever stands there',
    ...{ script, at: 'replace' },
    find: 'this.store.replaceLabel(this.label, label)',
    replace: 'this.store.replaceLabel(await this.store.readLabel(), label)',
  },
  {
    name: 'the target is free before the source is closed',
    ...{ script, at: 'migrate' },
    find: "  await here.set({ kind: 'moved', ...binding });\n  await there.set(undefined);\n",
    replace: "  await there.set(undefined);\n  await here.set({ kind: 'moved', ...binding });\n",
  },
  {
    name: 'a migration that is done can be called off',
    ...{ script, at: 'cancelMigration' },
    find: "  if (mark?.kind !== 'leaving') {\n",
    replace: "  if (mark?.kind !== 'leaving' && mark?.kind !== 'moved') {\n",
  },
  {
    name: 'what another migration has filled is gone on with',
    ...{ script, at: 'checkTarget' },
    find: "mark?.kind === 'filling' && mark.transfer === transfer",
    replace: "mark?.kind === 'filling'",
  },
];
