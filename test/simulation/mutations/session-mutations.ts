import type { Mutation } from './mutation.js';

/** Mistakes about sessions. */
export const SESSION_MUTATIONS: readonly Mutation[] = [
  {
    name: 'the grace of a broken session is forgotten',
    file: 'src/domain/sessions.ts',
    find: 'const graceEnd = ledger.clock + ledger.policy.sessionGraceMs;',
    replace: 'const graceEnd = ledger.clock;',
  },
  {
    name: 'a broken session keeps its leases for their whole time',
    file: 'src/domain/sessions.ts',
    find: 'Math.min(lease.expiresAt, graceEnd)',
    replace: 'Math.max(lease.expiresAt, graceEnd)',
  },
  {
    name: 'a session is taken up by whoever knows its id',
    file: 'src/domain/sessions.ts',
    find: 'return session?.id === id && session.owner === owner;',
    replace: 'return session?.id === id && owner !== undefined;',
  },
  {
    name: 'a stream that breaks late takes the leases from the one after it',
    file: 'src/domain/sessions.ts',
    find: '!streams.has(lease.session.stream)) continue;',
    replace:
      '![...streams].some((stream) => stream.slice(0, 4) === lease.session?.stream.slice(0, 4))) continue;',
  },
  {
    name: 'leases of a session are not renewed',
    file: 'src/arbiter/session-leases.ts',
    find: 'else if (dueAt <= now + TOGETHER_MS) streams.set(fence, stream);',
    replace: 'else if (dueAt < 0) streams.set(fence, stream);',
  },
  {
    name: 'a session that is taken up is not kept by its new copy',
    file: 'src/arbiter/sessions.ts',
    find: 'for (const lease of ofBudget) this.leasesOf(budgetId).carry(lease, session.stream);',
    replace: 'this.leasesOf(budgetId);',
  },
  {
    name: 'the end of a stream is not told to the state',
    file: 'src/arbiter/session-leases.ts',
    find: '    this.broken = [...this.broken, stream];\n    void this.ask();\n',
    replace: '',
  },
];
