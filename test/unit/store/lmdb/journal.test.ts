import { describe, expect, it } from 'vitest';
import { Journal } from '../../../../src/store/lmdb/journal.js';
import type { JournaledCommit } from '../../../../src/store/lmdb/journal-layer.js';

const MOST = 8;
const ROUNDS = 10;

function commit(revision: number, entries: number): JournaledCommit {
  const names = Array.from({ length: entries }, (_, at) => `${at}`);
  return { revision, entries: names.map((name) => ['monthAis', name, revision]), blocks: [] };
}

/** So many commits of one entry at a time: each takes its part when it is sent, all are added when they have won. */
function send(journal: Journal, from: number, underWay: number): void {
  const commits = Array.from({ length: underWay }, (_, at) => commit(from + at, 1));
  const parts = commits.map((one) => journal.take(one));
  for (const [at, one] of commits.entries()) {
    if (parts[at]?.length !== 0) journal.taken();
    journal.add(one, MOST);
  }
}

describe('the journal of a budget', () => {
  it.each([1, 2, 4])(
    'lets go of what is in its place, wherever its parts end, with %i under way',
    (underWay) => {
      // The last part is a full one for some of them.
      const sizes = Array.from({ length: 210 }, (_, at) => MOST + at);
      const stuck = sizes.filter((size) => {
        const journal = new Journal('b', 0);
        journal.add(commit(1, size), MOST);
        for (let round = 0; round < ROUNDS; round += 1) send(journal, 2 + round * underWay, underWay);
        return journal.size > ROUNDS * underWay;
      });
      expect(stuck).toEqual([]);
    },
  );
});
