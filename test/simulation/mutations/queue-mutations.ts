import type { Mutation } from './mutation.js';

const script = 'test/simulation/queue/main.ts';

/** Mistakes of the machine that runs one budget: its own simulation must notice them. */
export const QUEUE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'the queue answers in the step that sends the commit',
    ...{ script, at: 'send' },
    find: "  return { do: 'commit', commit };\n",
    replace: "  decision.result = { kind: 'won', looked: false };\n  return { do: 'commit', commit };\n",
  },
  {
    name: 'the queue answers what was decided as soon as it is, and commits it with the next',
    ...{ script, at: 'decided' },
    find: 'return isFirst && commit === undefined ?',
    replace:
      "if (commit !== undefined) return [...effects, { do: 'answer', decided }];\n    return isFirst ?",
  },
  {
    name: 'the queue begins a round while a commit is in flight',
    ...{ script, at: 'mayGoAhead' },
    find: 'return line.length <= 1 && line.every(({ sent }) => sent) && !this.yielding.isActive;',
    replace: 'return true;',
  },
  {
    name: 'the queue does not prove what it answers without a commit',
    ...{ script, at: 'settleUnwritten' },
    find: 'head.isCurrent || this.options.exclusive',
    replace: 'head.isCurrent || this.stored.revision > 0',
  },
  {
    name: 'what was not current is answered all the same',
    ...{ script, at: 'proved' },
    find: 'if (!isCurrent) return',
    replace: 'if (!isCurrent && batch.length === 0) return',
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
    find: '      this.waiters.heard(pending);\n      return this.enqueue(pending);\n',
    replace: "      return this.mode.name === 'IDLE' ? this.enqueue(pending) : NOTHING;\n",
  },
  {
    name: 'a request is decided while it is looked up for',
    ...{ script, at: 'submitted' },
    find: 'return [lookUp(pending, wanted, [])];',
    replace: 'return [lookUp(pending, wanted, []), ...this.enqueue(pending)];',
  },
  {
    name: 'the ledger is kept after a failure',
    ...{ script, at: 'roundFailed' },
    find: '    this.kept = undefined;\n    const again =',
    replace: '    const again =',
  },
  {
    name: 'the ledger is kept after a lost race, or a stall',
    ...{ script, at: 'drop' },
    find: '    this.kept = undefined;\n    this.waiters.turns.rollBack();\n    this.ready.addFirst(',
    replace: '    this.waiters.turns.rollBack();\n    this.ready.addFirst(',
  },
  {
    name: 'who was in a batch that lost is not decided again',
    ...{ script, at: 'throwAway' },
    find: 'this.drop([...head.batch, ...later]);',
    replace: 'this.drop(later);',
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
    ...{ script, at: 'roundFailed' },
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
    ...{ script, at: 'throwAway' },
    find: "      this.mode = { name: 'RESTING', left: false };\n      return [{ do: 'rest', lostInRow: this.yielding.lost() }];\n",
    replace: '      return this.gather();\n',
  },
  {
    name: 'the queue stays where it is when the driver breaks',
    ...{ script, at: 'endRound' },
    find: "this.mode.name === 'IDLE' || this.mode.name === 'GATHERING' ?",
    replace: "this.mode.name !== 'AWAITING' ?",
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
    name: 'a round is answered before one that was decided before it is durable',
    ...{ script, at: 'came' },
    find: '    decision.result = result;\n',
    replace:
      "    decision.result = result;\n    if (result.kind === 'won') this.line.sort((a) => (a === decision ? -1 : 0));\n",
  },
  {
    name: 'what was denied on a state that is not durable yet is answered at once',
    ...{ script, at: 'decided' },
    find: 'return isFirst && commit === undefined ?',
    replace:
      'if (commit === undefined) this.line.unshift(...this.line.splice(-1));\n    return commit === undefined ?',
  },
  {
    name: 'after a commit that failed those that were decided on it are kept',
    ...{ script, at: 'throwAway' },
    find: '      .splice(0)\n',
    replace: '      .splice(0, 1)\n',
  },
  {
    name: 'what was decided after a commit that failed is forgotten',
    ...{ script, at: 'roundFailed' },
    find: '    this.ready.add(...again);\n',
    replace: '',
  },
  {
    name: 'a round is begun on what a commit did not come to make',
    ...{ script, at: 'mayGoAhead' },
    find: 'decision.mayBeginToWait || didNotCome(decision)',
    replace: 'decision.mayBeginToWait',
  },
  {
    name: 'a round is begun beside one whose denied are about to wait',
    ...{ script, at: 'mayGoAhead' },
    find: 'decision.mayBeginToWait || didNotCome(decision)',
    replace: 'didNotCome(decision)',
  },
  {
    name: 'after a commit that failed it is decided anew while others are under way',
    ...{ script, at: 'settle' },
    find: 'return isUnderWay || this.mode.name',
    replace: 'return this.mode.name',
  },
  {
    name: 'a commit that is sent on another one expects what was stored before both',
    ...{ script, at: 'toCommit' },
    find: '?.commit?.becomes ?? this.stored',
    replace: '?.commit?.expected ?? this.stored',
  },
  {
    name: 'more commits than three are under way when a round is begun',
    ...{ script, at: 'mayGoAhead' },
    find: 'line.length <= MOST_AHEAD',
    replace: 'line.length <= 3 * MOST_AHEAD',
  },
  {
    name: 'what a commit under way may not have made is written out',
    ...{ script, at: 'tick' },
    find: '    if (this.line.length > 0) {',
    replace: '    if (this.line.length > 1_000) {',
  },
  {
    name: 'the end of a lease moves no turn',
    ...{ script, at: 'correct' },
    find: 'if (more === 0) return;',
    replace: 'if (more !== 0) return;',
  },
  {
    name: 'the largest start that was served goes back',
    ...{ script, at: 'startOf' },
    find: 'return finish > this.served ? finish : this.served;',
    replace: 'return finish;',
  },
  {
    name: 'who is in no team is a flow of its own though there are teams',
    ...{ script, at: 'flowOf' },
    find: 'if (teams.size === 0) return',
    replace: 'if (teams.size === 0 || teamId === undefined) return',
  },
  {
    name: 'a weight counts nothing',
    ...{ script, at: 'integerOf' },
    find: 'return weight === 1 ?',
    replace: 'return weight > 0 ?',
  },
  {
    name: 'a commit that was lost has moved the turns',
    ...{ script, at: 'drop' },
    find: '    this.waiters.turns.rollBack();\n    this.ready.addFirst(',
    replace: '    this.ready.addFirst(',
  },
  {
    name: 'a commit that won has not moved the turns',
    ...{ script, at: 'won' },
    find: '    this.waiters.turns.keep();\n',
    replace: '    this.waiters.turns.rollBack();\n',
  },
  {
    name: 'ties go to the one that came last',
    ...{ script, at: 'isBefore' },
    find: 'one.start === other.start ? one.order < other.order',
    replace: 'one.start === other.start ? one.order > other.order',
  },
  {
    name: 'who was served keeps its turn for the next of its calls',
    ...{ script, at: 'passOn' },
    find: '      first.start = turns.startOf(flow);\n',
    replace: '',
  },
  {
    name: 'within a team the AIs do not take turns',
    ...{ script, at: 'startWithin' },
    find: 'shared && this.within',
    replace: '!shared && this.within',
  },
  {
    name: 'who asks again after a wait in vain stands behind all others',
    ...{ script, at: 'add' },
    find: 'this.places.take(request, pending.arrivedAt) ?? ++this.lastOrder',
    replace: '++this.lastOrder',
  },
  {
    name: 'nobody is tried after the first who is denied, though others could be admitted',
    ...{ script, at: 'turn' },
    find: 'if (!everybody && ledger.closed) break;',
    replace: 'if (ledger.closed || next.order > 3) break;',
  },
];
