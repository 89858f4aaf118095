import { expect, it } from 'vitest';
import { SILENT_LOG } from '../../../../src/platform/log.js';
import { Presence } from '../../../../src/store/mongo/presence.js';
import type { ReplicaDocument, StoreDocuments } from '../../../../src/store/mongo/store-documents.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { ManualScheduler } from '../../../support/manual-scheduler.js';

const HOUR = 3_600_000;

/** As much of a collection as is asked for. */
function collection(documents: Map<string, number>) {
  return {
    insertOne: async ({ _id, beats }: ReplicaDocument) => void documents.set(_id, beats),
    updateOne: async ({ _id }: { readonly _id: string }) => {
      const beats = documents.get(_id);
      if (beats !== undefined) documents.set(_id, beats + 1);
      return { modifiedCount: beats === undefined ? 0 : 1 };
    },
    find: ({ _id: { $ne } }: { readonly _id: { readonly $ne: string } }) => ({
      toArray: async () =>
        [...documents].filter(([_id]) => _id !== $ne).map(([_id, beats]) => ({ _id, beats })),
    }),
    deleteOne: async ({
      _id,
      beats = documents.get(_id),
    }: {
      readonly _id: string;
      readonly beats?: number;
    }) => void (documents.get(_id) === beats && documents.delete(_id)),
  };
}

it('removes replicas that have shown no sign for an hour, and no other', async () => {
  const clock = new ManualClock();
  const scheduler = new ManualScheduler([clock]);
  const replicas = new Map([['killed', 7]]);
  const documents = {
    copies: () => collection(replicas),
    marks: () => ({ findOne: async () => null }),
    use: <T>(work: () => Promise<T>) => work(),
    confirmBy: (write: () => Promise<boolean>) => write(),
    read: <T>(send: (how: object) => Promise<T>) => send({}),
  } as unknown as StoreDocuments;
  const start = async (copyId: string) => {
    const monotonic = () => clock.monotonic();
    const presence = new Presence(documents, copyId, scheduler, SILENT_LOG, () => {}, monotonic);
    await presence.start();
    return presence;
  };
  const [a, b] = [await start('a'), await start('b')];
  await scheduler.advance(HOUR - 60_000);
  expect([...replicas.keys()].sort()).toEqual(['a', 'b', 'killed']);
  await scheduler.advance(20 * 60_000);
  expect([...replicas.keys()].sort()).toEqual(['a', 'b']);
  // One that slept for long is taken for gone; when it goes on, it is there again.
  replicas.delete('b');
  await scheduler.advance(5_000);
  expect([...replicas.keys()].sort()).toEqual(['a', 'b']);
  await b.stop();
  await a.stop();
  expect(replicas.size).toBe(0);
});
