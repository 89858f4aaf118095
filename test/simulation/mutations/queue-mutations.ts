import type { Mutation } from './mutation.js';

const script = 'test/simulation/queue/main.ts';

/** Mistakes of the machine that runs one budget: its own simulation must notice them. */
export const QUEUE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'the queue answers in the step that sends the commit',
    ...{ script, at: 'decided' },
    find: "      effects.push({ do: 'commit', commit });\n",
    replace: "      effects.push({ do: 'answer', decided }, { do: 'commit', commit });\n",
  },
  {
    name: 'the queue answers what was decided as soon as it is, and commits it with the next',
    ...{ script, at: 'decided' },
    find: '    } else if (isCurrent || this.options.exclusive) {\n',
    replace: '    }\n    if (decided.answers.length > 0) {\n',
  },
  {
    name: 'the queue begins a round while a commit is in flight',
    ...{ script, at: 'enqueue' },
    find: "return this.mode.name === 'IDLE' ? this.gather() : NOTHING;",
    replace: "return this.mode.name === 'IDLE' || this.mode.name === 'COMMITTING' ? this.gather() : NOTHING;",
  },
  {
    name: 'the queue does not prove what it answers without a commit',
    ...{ script, at: 'decided' },
    find: 'isCurrent || this.options.exclusive',
    replace: 'isCurrent || this.stored.revision > 0',
  },
  {
    name: 'what was not current is answered all the same',
    ...{ script, at: 'proved' },
    find: 'return isCurrent ?',
    replace: 'return isCurrent || batch.length > 0 ?',
  },
  {
    name: 'newcomers join the batch that a loading under way proves',
    ...{ script, at: 'loaded' },
    find: 'const next = this.decide(ledger, batch, alone, isCurrent);',
    replace: 'const next = this.decide(ledger, [...batch, ...this.ready.takeAll()], alone, isCurrent);',
  },
  {
    name: 'a request that was looked up for is forgotten while a round is under way',
    ...{ script, at: 'lookedUp' },
    find: 'if (error === undefined) return this.enqueue(pending);',
    replace: "if (error === undefined) return this.mode.name === 'IDLE' ? this.enqueue(pending) : NOTHING;",
  },
  {
    name: 'a request is decided while it is looked up for',
    ...{ script, at: 'submitted' },
    find: 'return [lookUp(pending, wanted, [])];',
    replace: 'return [lookUp(pending, wanted, []), ...this.enqueue(pending)];',
  },
  {
    name: 'the ledger is kept after a failure',
    ...{ script, at: 'failed' },
    find: '    const { batch, mode } = this;\n    this.kept = undefined;\n',
    replace: '    const { batch, mode } = this;\n',
  },
  {
    name: 'the ledger is kept after a lost race, or a stall',
    ...{ script, at: 'drop' },
    find: '    this.kept = undefined;\n    this.ready.addFirst(',
    replace: '    this.ready.addFirst(',
  },
  {
    name: 'who was in a batch that lost is not decided again',
    ...{ script, at: 'drop' },
    find: 'this.ready.addFirst(batch.filter((pending) => !this.waiters.has(pending)));',
    replace: 'void batch;',
  },
  {
    name: 'those whom a full commit left are forgotten',
    ...{ script, at: 'decided' },
    find: '    this.ready.addFirst(decided.left);\n',
    replace: '',
  },
  {
    name: 'a decision that was made long ago is sent',
    ...{ script, at: 'decided' },
    find: 'if (decided.failed || stalled)',
    replace: 'if (decided.failed)',
  },
  {
    name: 'after a decision that threw the others are answered',
    ...{ script, at: 'decided' },
    find: 'if (decided.failed || stalled)',
    replace: 'if (stalled)',
  },
  {
    name: 'grants to take back are forgotten when the store fails',
    ...{ script, at: 'loaded' },
    find: '    this.ready.add(...this.undos.splice(0));\n',
    replace: '',
  },
  {
    name: 'the store refuses one of a batch, and all of them fail',
    ...{ script, at: 'failed' },
    find: 'batch.length > 1 || this.sweeping.refused(batch, closed)',
    replace: 'this.sweeping.refused(batch, closed)',
  },
  {
    name: 'who is found out to be refused is tried together with those who wait',
    ...{ script, at: 'findGuilty' },
    find: '    this.ready.oneAtATime(batch.length);\n',
    replace: '',
  },
  {
    name: 'what time asks for fails a request that came after a sweep',
    ...{ script, at: 'refused' },
    find: "state === 'CLEARED' && !closed",
    replace: "state === 'CLEARED'",
  },
  {
    name: 'a replica that lost a race does not rest',
    ...{ script, at: 'committedOrLost' },
    find: "      this.mode = { name: 'RESTING', left: false };\n      return [{ do: 'rest', lostInRow: this.yielding.lost() }];\n",
    replace: '      return this.gather();\n',
  },
  {
    name: 'the queue stays where it is when the driver breaks',
    ...{ script, at: 'endRound' },
    find: "this.mode.name === 'IDLE' || this.mode.name === 'GATHERING' ?",
    replace: "this.mode.name !== 'COMMITTING' ?",
  },
  {
    name: 'nothing wakes the queue of those who wait when it has no ledger',
    ...{ script, at: 'gathered' },
    find: "[ledger === undefined ? { do: 'wake-to-retry' } : { do: 'wake-when-due', ledger }]",
    replace: "ledger === undefined ? NOTHING : [{ do: 'wake-when-due', ledger }]",
  },
  {
    name: 'a loading is not counted',
    ...{ script, at: 'loaded' },
    find: '    this.loadings += 1;\n',
    replace: '',
  },
  {
    name: 'what a commit under way may not have made is written out',
    ...{ script, at: 'tick' },
    find: "ledger === undefined || this.mode.name === 'COMMITTING'",
    replace: 'ledger === undefined',
  },
];
