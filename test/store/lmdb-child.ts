/** A process of its own that opens a folder: it says `open`, and then what it does, one line each, until it is killed. */
import { openLmdbStore } from '../../src/store/lmdb/open-lmdb-store.js';
import { type BudgetStore, StoreError } from '../../src/store/store.js';
import { commitOf } from './lmdb-commits.js';
import { patch } from './samples.js';

const [dataDir = '', mode = 'hold'] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);

/** Says the revision of every commit that was acknowledged. */
async function commitOnAndOn(store: BudgetStore): Promise<void> {
  let version = await store.version('b');
  for (;;) {
    const revision = (version?.revision ?? 0) + 1;
    await store.commit('b', version, commitOf(revision));
    version = { epoch: 1, revision };
    say(String(revision));
  }
}

/** Commits until the store has no room, says how that failed and what was acknowledged, and then makes room. */
async function fill(store: BudgetStore): Promise<void> {
  const message = 'x'.repeat(50_000);
  const at = {
    rule: 'X',
    window: 'DAY',
    windowStart: 0,
    raisedAt: 0,
    value: 0,
    threshold: 0,
    message,
  } as const;
  let revision = 0;
  try {
    for (;;) {
      const expected = revision === 0 ? undefined : { epoch: 1, revision };
      const puts = [{ section: 'alerts' as const, key: `${revision}`, value: at }];
      await store.commit('b', expected, patch(revision + 1, { puts }));
      revision += 1;
    }
  } catch (error) {
    say(error instanceof StoreError ? error.failure : String(error));
  }
  say(String(revision));
  const dropped = await store.commit(
    'b',
    { epoch: 1, revision },
    patch(revision + 1, { resets: ['alerts'] }),
  );
  say(`dropped: ${dropped}`);
}

try {
  const store = await openLmdbStore({ dataDir });
  say('open');
  if (mode === 'commit') await commitOnAndOn(store);
  if (mode === 'fill') await fill(store);
  setInterval(() => {}, 60_000);
} catch (error) {
  say(String(error));
}
