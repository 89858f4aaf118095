import type { Mutation } from './mutation.js';

/** Mistakes of the way from a decision to its durable answer. */
export const ARBITER_MUTATIONS: readonly Mutation[] = [
  {
    name: 'an unknown outcome is taken for lost, without looking',
    file: 'src/arbiter/commit.ts',
    find: 'const result = await settle(context, budgetId, expected, seq, error.likelyRefused);',
    replace: "const result: 'won' | 'lost' = 'lost';",
  },
  {
    name: 'after an unknown outcome the same patch is sent again, on whatever is there',
    file: 'src/arbiter/commit.ts',
    find: 'const result = await settle(context, budgetId, expected, seq, error.likelyRefused);',
    replace:
      'const there = await context.store.version(budgetId);' +
      'const head = { ...patch.head, revision: (there?.revision ?? 0) + 1 };' +
      'const result = await context.store.commit(budgetId, there, { ...patch, head });',
  },
  {
    name: 'an unknown outcome is taken for won, without looking',
    file: 'src/arbiter/commit.ts',
    find: 'const result = await settle(context, budgetId, expected, seq, error.likelyRefused);',
    replace: "const result = 'won' as 'won' | 'lost';",
  },
  {
    name: 'a delayed commit is not fenced off',
    file: 'src/arbiter/commit.ts',
    find: "return fence !== undefined && (await context.store.commit(budgetId, expected, fence)) === 'won';",
    replace: 'return fence !== undefined;',
  },
  {
    name: 'a commit counts as lost where an older state is shown, not a later one',
    file: 'src/arbiter/commit.ts',
    find: "if (moved > 0) return 'lost';",
    replace: "if (moved !== 0) return 'lost';",
  },
  {
    name: 'a state older than one that the copy has seen is taken',
    file: 'src/arbiter/state-reads.ts',
    find: 'if (compareVersions(version, this.seen) >= 0) {',
    replace: 'if (version.epoch >= 0) {',
  },
  {
    name: 'the first state that a copy sees of a budget need not be current',
    file: 'src/arbiter/state-reads.ts',
    find: '    const stored = await this.store.load(this.budgetId, freshness);',
    replace: "    const stored = await this.store.load(this.budgetId, 'recent');",
  },
  {
    name: 'whatever was loaded proves denials and what is not found',
    file: 'src/arbiter/state-reads.ts',
    find: "const isCurrent = freshness === 'current';",
    replace: 'const isCurrent = true;',
  },
  {
    name: 'a denial is not confirmed',
    file: 'src/arbiter/state-reads.ts',
    find: 'const version = (await this.store.version(this.budgetId)) ?? ABSENT;',
    replace: "const version = (await this.store.load(this.budgetId, 'recent'))?.head ?? ABSENT;",
  },
  {
    name: 'a lost commit counts as won',
    file: 'src/arbiter/budget-queue.ts',
    find: [
      "if (result === 'lost') {",
      '      this.observer.lostRace();',
      '      this.decideAgain();',
      '      return this.turns.lost();',
      '    }',
    ].join('\n'),
    replace: "if (result === 'lost') this.ledger = undefined;",
  },
  {
    name: 'an answer without a commit is not proved current',
    file: 'src/arbiter/budget-queue.ts',
    find: 'isCurrent || this.context.store.exclusive ||',
    replace: 'isCurrent || !this.context.store.exclusive ||',
  },
  {
    name: 'answers are given before the commit is known',
    file: 'src/arbiter/budget-queue.ts',
    find: '    this.sending = true;\n',
    replace: '    this.sending = true;\n    this.give(decided);\n',
  },
  {
    name: 'receipts count as written before the store has acknowledged them',
    file: 'src/arbiter/write-out.ts',
    find: '      const failure = await this.attempt(() => this.context.store.writeReceipts(this.budgetId, batch));',
    replace:
      '      const early = this.lookups.nextOrder();\n' +
      '      for (const { id, revision } of batch) this.writtenReceipts.set(id, { revision, order: early });\n' +
      '      const failure = await this.attempt(() => this.context.store.writeReceipts(this.budgetId, batch));',
  },
  {
    name: 'the outbox of a crashed copy is never taken over',
    file: 'src/arbiter/write-out.ts',
    find: '!known && Math.abs(now - receipt.at) >= FOREIGN_AFTER_MS',
    replace: '!known && now - receipt.at < 0',
  },
  {
    name: 'lookups ignore what was dropped since',
    file: 'src/arbiter/lookups.ts',
    find: ' && ledger.receiptsDroppedAt <= lookup.version.revision;',
    replace: ';',
  },
  {
    name: 'drops are not held back for lookups under way',
    file: 'src/arbiter/lookups.ts',
    find: 'if (lookup.order < order) return true;',
    replace: 'if (lookup.order < order) return false;',
  },
  {
    name: 'a day leaves the state although it changed since it was written',
    file: 'src/domain/outbox.ts',
    find: 'totals.changedAt <= revision && isDayClosed(ledger, day)',
    replace: 'isDayClosed(ledger, day)',
  },
  {
    name: 'newcomers are tried before those who wait',
    file: 'src/arbiter/waiting-list.ts',
    find: `isDue(ledger, waiter) ||
          coolsTooLate(ledger, waiter, now) ||
          (changed && mayHear(waiter)),`,
    replace: 'false,',
  },
  {
    name: 'one AI may take every place to wait',
    file: 'src/arbiter/answers.ts',
    find: 'if (waiters.sizeOf(aiId) >= bounds.waitersPerAi) {',
    replace: 'if (waiters.sizeOf(aiId) >= bounds.waitersPerBudget) {',
  },
  {
    name: 'who waits for what only time could bring, later, is not told so',
    file: 'src/arbiter/answers.ts',
    find: 'if (leftMs > 0 && timeAloneMs <= leftMs && !denial.permanent) {',
    replace: 'if (leftMs > 0 && !denial.permanent) {',
  },
  {
    name: 'who waits does not hear that its request was granted to another call',
    file: 'src/arbiter/waiting-list.ts',
    find: 'isAnswered(ledger, waiter.pending) || mayPass(ledger, waiter);',
    replace: 'mayPass(ledger, waiter);',
  },
  {
    name: 'who waits does not hear that the budget is deleted',
    file: 'src/domain/settings.ts',
    find: '  ledger.loosened += 1;\n',
    replace: '',
  },
  {
    name: 'a copy with waiters does not look what others have changed',
    file: 'src/arbiter/wake.ts',
    find: 'const POLL_MS = 250;',
    replace: 'const POLL_MS = 25_000;',
  },
];
