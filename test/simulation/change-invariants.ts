import { type ChangeKind, KEPT_CHANGES, type StoredChange } from '../../src/domain/model/changes.js';
import type { KnownChanges } from '../../src/domain/model/outcomes.js';
import type { StoredPolicy, StoredState } from '../../src/domain/model/state.js';
import type { BudgetStore } from '../../src/store/store.js';
import type { Say } from './say.js';

export interface CommittedChanges {
  readonly before: StoredState | undefined;
  readonly after: StoredState;
  /** What the primary has of a record, acknowledged or not. */
  readonly written: (number: number) => StoredChange | undefined;
}

const countOf = (state: StoredState | undefined): number => state?.head.changeCount ?? 0;

/** Each change that a commit makes has one record in it, and what changed nothing has none. */
export function checkChanges({ before, after, written }: CommittedChanges, say: Say): void {
  const { changes } = after.sections;
  const [from, to] = [countOf(before), countOf(after)];
  say(to >= from, `the count of changes went back from ${from} to ${to}`);
  const made: StoredChange[] = [];
  for (let number = Math.max(from + 1, to - KEPT_CHANGES + 1); number <= to; number += 1) {
    const record = changes.get(String(number));
    if (record === undefined) say(false, `change ${number} has no record in the commit that made it`);
    else made.push(record);
  }
  for (const { number, revision } of made)
    say(revision === after.head.revision, `the record of change ${number} says revision ${revision}`);
  for (const [key, record] of changes)
    say(record.number <= to && key === String(record.number), `record ${key} of a change that never was`);
  for (const [key, { number, revision }] of before?.sections.changes ?? []) {
    if (changes.has(key) || number <= to - KEPT_CHANGES) continue;
    say(written(number)?.revision === revision, `record ${key} left the state before it was written`);
  }
  checkAgainstState(before, after, made, say);
}

/** What the two states say by themselves of what was changed between them. */
function checkAgainstState(
  before: StoredState | undefined,
  after: StoredState,
  made: readonly StoredChange[],
  say: Say,
): void {
  const times = (...kinds: ChangeKind[]) => made.filter(({ body }) => kinds.includes(body.kind)).length;
  const lives = (state: StoredState | undefined) => (state === undefined || state.head.deleted ? 0 : 1);
  const appeared = lives(after) - lives(before);
  say(
    times('CREATED') - times('DELETED') === appeared,
    `created or deleted without a record, or the reverse`,
  );
  const ofReceipts = (kind: 'adjustment' | 'top-up') =>
    [...after.sections.outbox.values()].filter(
      ({ body, revision }) => body.kind === kind && revision === after.head.revision,
    ).length;
  say(times('USAGE_ADJUSTED') === ofReceipts('adjustment'), 'not one record for each correction');
  say(times('TOP_UP_ADDED') === ofReceipts('top-up'), 'not one record for each top-up');
  if (times('CREATED', 'DELETED') > 0 || lives(after) === 0) return;
  const isPaused = (state: StoredState | undefined) => (state?.sections.settings.has('pause') ? 1 : 0);
  const paused = isPaused(after) - isPaused(before);
  say(times('PAUSED') - times('RESUMED') === paused, 'paused or resumed without a record, or the reverse');
  const policyOf = (state: StoredState | undefined) =>
    (state?.sections.settings.get('policy') as StoredPolicy | undefined)?.revision;
  const isChanged = policyOf(before) !== policyOf(after);
  say(times('POLICY', 'PRESET') > 0 === isChanged, 'the policy changed without a record, or the reverse');
}

/** What is listed is the newest changes, one after the other. */
export function wrongOfListing({ count }: KnownChanges, listed: readonly StoredChange[]): string[] {
  const numbers = listed.map(({ number }) => number);
  const expected = Array.from({ length: Math.min(count, KEPT_CHANGES) }, (_, at) => count - at);
  const isInOrder = numbers.join() === expected.join();
  return isInOrder ? [] : [`of ${count} changes these are listed: ${numbers.join()}`];
}

/** At rest all that is kept stands in its place, and the state knows it. */
export async function changesAtRest(
  store: BudgetStore,
  budgetId: string,
  state: StoredState,
): Promise<string[]> {
  const { size } = state.sections.changes;
  const waits = size === 0 ? [] : [`${size} records of changes wait at rest`];
  const known = { kind: 'changes', budgetId, count: countOf(state), waiting: [] } as const;
  const stored = await store.readChanges(budgetId, Number.MAX_SAFE_INTEGER, KEPT_CHANGES);
  return [...waits, ...wrongOfListing(known, stored)];
}
