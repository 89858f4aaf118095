import { expect, it } from 'vitest';
import { openMemoryStore } from '../../src/store/memory/memory-store.js';
import { describeStoreContract } from './contract.js';

describeStoreContract(
  'the memory store',
  async () => {
    const store = await openMemoryStore();
    return { store, peer: store, reopen: async () => store, destroy: () => store.close() };
  },
  { rounds: 100 },
);

describeStoreContract(
  'the memory store that writes receipts with commits',
  async () => {
    const store = await openMemoryStore({ receiptsInCommit: true });
    return { store, peer: store, reopen: async () => store, destroy: () => store.close() };
  },
  { rounds: 100 },
);

it('the memory store can stand for one that other writers share', async () => {
  expect((await openMemoryStore()).exclusive).toBe(true);
  expect((await openMemoryStore({ exclusive: false })).exclusive).toBe(false);
});
