import type { Mutation } from './mutation.js';

/** Mistakes of the way from a decision to its durable answer. */
export const ARBITER_MUTATIONS: readonly Mutation[] = [
  {
    name: 'an unknown outcome is taken for lost, without looking',
    at: 'commitOnce',
    find: 'const result = await lookWhetherApplied(context, budgetId, expected, stamps, error.likelyRefused);',
    replace: "const result: 'won' | 'lost' = 'lost';",
  },
  {
    name: 'after an unknown outcome the same patch is sent again, on whatever is there',
    at: 'commitOnce',
    find: 'const result = await lookWhetherApplied(context, budgetId, expected, stamps, error.likelyRefused);',
    replace:
      'const there = await context.store.version(budgetId);' +
      'const head = { ...patch.head, revision: (there?.revision ?? 0) + 1 };' +
      'const result = await context.store.commit(budgetId, there, { ...patch, head });',
  },
  {
    name: 'an unknown outcome is taken for won, without looking',
    at: 'commitOnce',
    find: 'const result = await lookWhetherApplied(context, budgetId, expected, stamps, error.likelyRefused);',
    replace: "const result = 'won' as 'won' | 'lost';",
  },
  {
    name: 'a delayed commit is not fenced off',
    at: 'isFencedOff',
    find: "return fence !== undefined && (await context.store.commit(budgetId, expected, fence)) === 'won';",
    replace: 'return fence !== undefined;',
  },
  {
    name: 'a commit counts as lost where an older state is shown, not a later one',
    at: 'lookWhetherApplied',
    find: 'moved > 0 || (moved < 0 && context.store.exclusive)',
    replace: 'moved !== 0',
  },
  {
    name: 'a state older than one that the replica has seen is taken',
    at: 'load',
    find: 'if (compareVersions(version, this.seen) >= 0) {',
    replace: 'if (version.epoch >= 0) {',
  },
  {
    name: 'the first state that a replica sees of a budget need not be current',
    at: 'load',
    find: '    const stored = await this.store.load(this.budgetId, freshness);',
    replace: "    const stored = await this.store.load(this.budgetId, 'recent');",
  },
  {
    name: 'whatever was loaded proves denials and what is not found',
    at: 'load',
    find: "const isCurrent = freshness === 'current';",
    replace: 'const isCurrent = true;',
  },
  {
    name: 'a denial is not confirmed',
    at: 'isCurrent',
    find: 'const version = (await this.store.version(this.budgetId)) ?? ABSENT;',
    replace: "const version = (await this.store.load(this.budgetId, 'recent'))?.head ?? ABSENT;",
  },
  {
    name: 'what an unknown commit was sent on is waited for, though it never came to be',
    at: 'lookWhetherApplied',
    find: 'moved > 0 || (moved < 0 && context.store.exclusive)',
    replace: 'moved > 0',
  },
  {
    name: 'a lost commit counts as won',
    at: 'commitCame',
    find: 'return this.came(commit, { kind: result, looked }, now);',
    replace: "return this.came(commit, { kind: 'won', looked: looked || result === 'lost' }, now);",
  },
  {
    name: 'an answer without a commit is not proved current',
    at: 'settleUnwritten',
    find: 'head.isCurrent || this.options.exclusive',
    replace: 'head.isCurrent || !this.options.exclusive',
  },
  {
    name: 'answers are given before the commit is known',
    at: 'commit',
    find: '    const sentAt = this.now();\n',
    replace:
      '    const sentAt = this.now();\n' +
      '    for (const answer of one.decided.answers) this.answers.give(answer, 0);\n',
  },
  {
    name: 'receipts count as written before the store has acknowledged them',
    at: 'writeReceipts',
    find: '      const failure = await this.attempt(() => this.context.store.writeReceipts(this.budgetId, batch));',
    replace:
      '      const early = this.lookups.nextOrder();\n' +
      '      for (const { id, revision } of batch) this.writtenReceipts.set(id, { revision, order: early });\n' +
      '      const failure = await this.attempt(() => this.context.store.writeReceipts(this.budgetId, batch));',
  },
  {
    name: 'the outbox of a crashed replica is never taken over',
    at: 'takeOver',
    find: '!known && Math.abs(now - receipt.at) >= FOREIGN_AFTER_MS',
    replace: '!known && now - receipt.at < 0',
  },
  {
    name: 'lookups ignore what was dropped since',
    at: 'areReceiptsValid',
    find: ' && ledger.receiptsDroppedAt <= lookup.version.revision;',
    replace: ';',
  },
  {
    name: 'drops are not held back for lookups under way',
    at: 'heldBack',
    find: 'if (lookup.order < order) return true;',
    replace: 'if (lookup.order < order) return false;',
  },
  {
    name: 'a day leaves the state although it changed since it was written',
    at: 'dropWritten',
    find: 'totals.changedAt <= revision && isDayClosed(ledger, day)',
    replace: 'isDayClosed(ledger, day)',
  },
  {
    name: 'newcomers are tried before those who wait',
    at: 'turn',
    find: 'if (everybody || !ledger.closed) {',
    replace: 'if (everybody) {',
  },
  {
    name: 'one AI may take every place to wait',
    at: 'wait',
    find: 'if (waiters.sizeOf(aiId) >= bounds.waitersPerAi) {',
    replace: 'if (waiters.sizeOf(aiId) >= bounds.waitersPerBudget) {',
  },
  {
    name: 'who waits for what only time could bring, later, is not told so',
    at: 'deny',
    find: 'if (leftMs > 0 && timeAloneMs <= leftMs && !denial.permanent) {',
    replace: 'if (leftMs > 0 && !denial.permanent) {',
  },
  {
    name: 'who waits does not hear that its request was granted to another call',
    at: 'gatherAnswered',
    find: 'if (isVain || ledger.isAnswered(pending.request as AcquireRequest)) this.news.add(waiter);',
    replace: 'if (isVain) this.news.add(waiter);',
  },
  {
    name: 'who waits does not hear that the budget is deleted',
    at: 'deleteBudget',
    find: '  ledger.loosened += 1;\n',
    replace: '',
  },
  {
    name: 'a replica with waiters does not look what others have changed',
    at: 'POLL_MS',
    find: 'const POLL_MS = 250;',
    replace: 'const POLL_MS = 25_000;',
  },
  {
    name: 'the mark of a day on which pacing refused is lost',
    at: 'PacedRefusals',
    find: '    this.days.add(day);\n',
    replace: '',
  },
  {
    name: 'a lost race forgets the mark of a day on which pacing refused',
    at: 'mark',
    find: "    return outcome.kind === 'unknown' ? undefined : marks;",
    replace: "    if (outcome.kind !== 'unknown') this.parts.refusals.marked(marks);\n    return undefined;",
  },
  {
    name: 'a write of denials that failed is not made again',
    at: 'notWritten',
    find: 'memory.giveBack(write);',
    replace: 'void [memory, write];',
  },
  {
    name: 'denials by AI that were not written are lost',
    at: 'giveBack',
    find: 'hour?.giveBack({ ais, gone });',
    replace: 'void [ais, gone];',
  },
];
