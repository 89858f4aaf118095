import { expect, it } from 'vitest';
import { openMemoryStore } from '../../../src/store/memory/memory-store.js';
import { observedStore } from '../../../src/store/observed-store.js';
import { FaultyStore } from '../../support/faulty-store.js';
import { Gate } from '../../support/gate.js';

async function setUp() {
  const store = new FaultyStore(await openMemoryStore({ exclusive: true }));
  const told: unknown[][] = [];
  const time = { now: 0 };
  const observer = { ended: (...what: unknown[]) => void told.push(what) };
  return { store, told, time, observed: observedStore(store, { observer, monotonic: () => time.now }) };
}

it('tells how long an operation took, and gives its caller what the store gives', async () => {
  const { store, told, time, observed } = await setUp();
  const gate = new Gate();
  store.once('list', { kind: 'hold', gate });
  const listed = observed.list('', 5);
  time.now = 40;
  gate.open();
  expect(await listed).toEqual([]);
  expect(told).toEqual([['list', 'ok', 40]]);
  expect([observed.name, observed.exclusive]).toEqual(['memory', true]);
});

it.each(['unavailable', 'unknown', 'refused'] as const)('tells of a failure: %s', async (failure) => {
  const { store, told, observed } = await setUp();
  store.failing(failure);
  await expect(observed.load('anthropic')).rejects.toMatchObject({ failure });
  expect(told).toEqual([['load', failure, 0]]);
});

it('tells an error that nobody foresaw from a failure', async () => {
  const { store, told, observed } = await setUp();
  store.plan = () => {
    throw new TypeError('a mistake');
  };
  await expect(observed.version('anthropic')).rejects.toThrow('a mistake');
  expect(told).toEqual([['version', 'unforeseen', 0]]);
});

it('puts an operation into its surroundings', async () => {
  const { store, observed } = await setUp();
  const around: string[] = [];
  const surrounded = observedStore(store, {
    observer: { ended: () => {} },
    monotonic: () => 0,
    around: (operation, run) => {
      around.push(operation);
      return run();
    },
  });
  await surrounded.due(0, 1);
  await observed.due(0, 1);
  expect(around).toEqual(['due']);
});
