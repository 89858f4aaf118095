import type { Mutation } from './mutation.js';

/** Mistakes in what teams and models are counted by. */
export const SCOPE_MUTATIONS: readonly Mutation[] = [
  {
    name: "a team's cap forgets what its leases hold",
    at: 'roomIn',
    find: '- spent(scope) - reserved(scope, ledger);',
    replace: '- spent(scope) - 0 * reserved(scope, ledger);',
  },
  {
    name: 'a changed policy does not regroup',
    at: 'movePolicy',
    find: '.hourModels.reset();\n  regroup(ledger);\n',
    replace: '.hourModels.reset();\n  if (scopes !== undefined) scopes.hourStart = ledger.hour.start;\n',
  },
  {
    name: 'the hour of a team starts from nothing after a reload',
    at: 'regroup',
    find: '  regroupSheet(scopes, hourSheet(ledger), hourAis.keys(), hourModels.keys());\n',
    replace: '',
  },
  {
    name: "a model's presumed tokens leave its pattern",
    at: 'presume',
    find: '    modelOfLease: model ?? UNSPECIFIED,\n',
    replace: '',
  },
  {
    name: 'a team has its part of what an untouched hour admits',
    at: 'WINDOWS',
    find: 'whole: (standing) => standing.pacedHour,',
    replace: 'whole: (standing) => standing.hour.cap,',
  },
  {
    name: 'every other slot of a team is not counted',
    at: 'hold',
    find: '    this.live += live;\n',
    replace: '    if (fence % 2 === 0) this.live += live;\n',
  },
  {
    name: 'what is presumed of a lease comes back with its day under the policy that was',
    at: 'partsOfDocument',
    find: '  countKnown(found, scopes, presumedBy.values(), 1);\n',
    replace: '  if (parts.size < 0) countKnown(found, scopes, presumedBy.values(), 1);\n',
  },
];
