import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { openMongoTransfer } from '../../src/store/mongo/open-mongo-store.js';
import type { TransferStore } from '../../src/store/transfer-store.js';
import { cancelMigration, migrate } from '../../src/transfer/migrate.js';
import { describeMongo, temporaryDatabase } from '../support/mongo.js';
import {
  collectedContext,
  contentOf,
  fill,
  markOf,
  openFolder,
  setMark,
  temporaryFolder,
} from './support/stores.js';

/** A context of a command that is killed once it has told so many lines. */
function killedAfter(lines: number) {
  const context = collectedContext();
  return {
    ...context,
    tell: (line: string) => {
      context.tell(line);
      if (context.lines.length >= lines) throw new Error('killed');
    },
  };
}

const FILLING = { kind: 'filling', transfer: 't', from: 'there', raising: false } as const;

function labelPromises(open: (name: string) => Promise<TransferStore>) {
  it('changes by compare-and-swap: of racers one wins, and what was freed between is another label', async () => {
    const store = await open('raced');
    const before = await store.readLabel();
    expect(before).toEqual({ revision: 0 });
    const label = { identity: 'i', revision: 1, mark: FILLING };
    const races = await Promise.all(Array.from({ length: 8 }, () => store.replaceLabel(before, label)));
    expect(races.filter(Boolean)).toHaveLength(1);
    expect(await store.readLabel()).toEqual(label);
    const free = { identity: 'i', revision: 2 };
    expect(await store.replaceLabel(label, free)).toBe(true);
    expect(await store.readLabel()).toEqual(free);
    expect(await store.replaceLabel(before, label)).toBe(false);
    expect(await store.replaceLabel(label, { ...label, revision: 2 })).toBe(false);
    expect(await store.readLabel()).toEqual(free);
    await store.close();
  });

  it('is bound to one target: no other, nor the same that was emptied since, until it is called off', async () => {
    const [source, first, second] = [await open('source'), await open('first'), await open('second')];
    await fill(source, 4);
    const before = await contentOf(source);
    await expect(migrate(source, first, killedAfter(2))).rejects.toThrow('killed');
    await expect(migrate(source, second, collectedContext())).rejects.toThrow('has begun, to');
    expect((await second.list('', 1)).length).toBe(0);
    await cancelMigration(source, collectedContext());
    const anew = migrate(source, first, collectedContext());
    await expect(anew).rejects.toThrow('has begun here; finish that one, or empty this place');
    await migrate(source, second, collectedContext());
    expect(await contentOf(second)).toEqual(before);
    for (const again of [first, second]) {
      await expect(migrate(source, again, collectedContext())).rejects.toThrow(/is not free|nothing to do/);
    }
    expect(await markOf(first)).toMatchObject({ kind: 'filling' });
    expect(await markOf(second)).toBeUndefined();
    for (const store of [source, first, second]) await store.close();
  });

  it('of two commands that move the same, the one that began last goes on', async () => {
    const [source, target] = [await open('both-from'), await open('both-to')];
    await fill(source, 2);
    const before = await contentOf(source);
    let other: Promise<unknown> | undefined;
    const overtaken = {
      ...collectedContext(),
      tell: () => {
        other ??= migrate(source, target, collectedContext());
      },
    };
    const messageOf = (work: Promise<unknown> | undefined) =>
      (work ?? Promise.resolve()).then(
        () => undefined,
        (error: Error) => error.message,
      );
    const outcomes = [await messageOf(migrate(source, target, overtaken))];
    outcomes.push(await messageOf(other));
    expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1);
    expect(outcomes.find((outcome) => outcome !== undefined)).toMatch(
      /another command has changed|nothing to do/,
    );
    expect(await markOf(source)).toMatchObject({ kind: 'moved' });
    expect(await markOf(target)).toBeUndefined();
    expect(await contentOf(target)).toEqual(before);
    for (const store of [source, target]) await store.close();
  });

  it('that an earlier version began can be called off, and goes nowhere before', async () => {
    const [source, target] = [await open('old-from'), await open('old-to')];
    await fill(source, 1);
    await setMark(source, { kind: 'leaving', transfer: 't', to: 'somewhere' });
    await setMark(target, FILLING);
    await expect(migrate(source, target, collectedContext())).rejects.toThrow(
      'call it off with migrate --cancel',
    );
    await cancelMigration(source, collectedContext());
    expect(await markOf(source)).toBeUndefined();
    for (const store of [source, target]) await store.close();
  });
}

describe('the label of a folder', () => {
  const folder = () => temporaryFolder();
  labelPromises((name) => openFolder(join(folder(), name)));
});

describeMongo('the label of a database', (uri) => {
  const names = [
    'raced',
    'source',
    'first',
    'second',
    'both-from',
    'both-to',
    'old-from',
    'old-to',
    'of-old',
  ];
  const databases = new Map(names.map((name) => [name, temporaryDatabase(uri)]));
  labelPromises((name) => openMongoTransfer({ uri, database: databases.get(name) ?? '' }));

  it('of an earlier version has a mark alone, and is taken as it is', async () => {
    const database = databases.get('of-old') ?? '';
    const client = new MongoClient(uri);
    await client
      .db(database)
      .collection<{ _id: string }>('marks')
      .insertOne({ _id: 'mark', ...{ mark: FILLING } });
    await client.close();
    const store = await openMongoTransfer({ uri, database });
    const before = await store.readLabel();
    expect(before).toEqual({ revision: 0, mark: FILLING });
    expect(await store.replaceLabel(before, { identity: 'i', revision: 1, mark: FILLING })).toBe(true);
    expect(await store.replaceLabel(before, { identity: 'j', revision: 1 })).toBe(false);
    expect(await store.readLabel()).toEqual({ identity: 'i', revision: 1, mark: FILLING });
    await store.close();
  });
});
