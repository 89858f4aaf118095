import type { Mutation } from './mutation.js';

/** Mistakes about sessions. */
export const SESSION_MUTATIONS: readonly Mutation[] = [
  {
    name: 'the grace of a broken session is forgotten',
    at: 'breakSessions',
    find: 'const graceEnd = ledger.clock + ledger.policy.sessionGraceMs;',
    replace: 'const graceEnd = ledger.clock;',
  },
  {
    name: 'a broken session keeps its leases for their whole time',
    at: 'breakSessions',
    find: 'Math.min(lease.expiresAt, graceEnd)',
    replace: 'Math.max(lease.expiresAt, graceEnd)',
  },
  {
    name: 'a session is taken up by whoever knows its id',
    at: 'belongsTo',
    find: 'return session?.id === id && session.owner === owner;',
    replace: 'return session?.id === id && owner !== undefined;',
  },
  {
    name: 'a stream that breaks late takes the leases from the one after it',
    at: 'withoutEnded',
    find: '!ended && streams.has(stream);',
    replace: '!ended && [...streams].some((each) => each.slice(0, 4) === stream.slice(0, 4));',
  },
  {
    name: 'leases of a session are not renewed',
    at: 'renew',
    find: 'else if (dueAt <= now + TOGETHER_MS && streams.size < RENEWED_AT_ONCE) streams.set(fence, stream);',
    replace: 'else if (dueAt < 0) streams.set(fence, stream);',
  },
  {
    name: 'a session that is taken up is not kept by its new replica',
    at: 'giveBack',
    find: 'for (const lease of found[at] ?? []) this.leasesOf(budgetId).carry(lease, stream);',
    replace: 'this.leasesOf(budgetId);',
  },
  {
    name: 'the end of a stream is not told to the state',
    at: 'break',
    find: '    this.broken = [...this.broken, stream];\n    void this.ask();\n',
    replace: '',
  },
  {
    name: 'a stream is ended by a take-up that may yet fail',
    at: 'Sessions',
    find: '      const found = await this.takeUpAll(request, takeUp);\n',
    replace:
      '      this.live.get(keyOf(request))?.takenUp();\n' +
      '      const found = await this.takeUpAll(request, takeUp);\n',
  },
  {
    name: 'a stream is ended by the session of another AI with its id',
    at: 'keyOf',
    find: 'return [session.id, session.owner, aiId].join',
    replace: 'return [session.id, session.owner, aiId.slice(0, 0)].join',
  },
  {
    name: 'what a take-up took that failed ends after the grace',
    at: 'giveBack',
    find: 'this.leasesOf(budgetId).giveBack(session.stream);',
    replace: 'this.leasesOf(budgetId).break(session.stream);',
  },
  {
    name: 'a stream gives back what another has taken up',
    at: 'isTakenFrom',
    find: 'return session.before.some(({ stream }) => stream === by.stream);',
    replace: 'return false;',
  },
  {
    name: 'a grant that crosses the end of its stream is kept alive',
    at: 'mindSession',
    find: 'if (this.context.streams.has(session.stream)) sessionLeases',
    replace: "if (session.stream !== '') sessionLeases",
  },
];
