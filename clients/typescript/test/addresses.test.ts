import { expect, it, vi } from 'vitest';
import { Addresses } from '../src/transport/addresses.js';

const NAMES = ['10.0.0.1:50051', '10.0.0.2:50051', '10.0.0.3:50051'];
const budgets = Array.from({ length: 300 }, (_, at) => `budget-${at}`);
const names = async (addresses: Addresses, budgetId: string) =>
  (await addresses.ranked(budgetId)).map(({ name }) => name);

it('spreads budgets over all replicas, and moves only those of one that is down', async () => {
  const addresses = new Addresses(NAMES);
  const homes = new Map(
    await Promise.all(budgets.map(async (b) => [b, (await addresses.pick(b)).name] as const)),
  );
  for (const name of NAMES)
    expect([...homes.values()].filter((home) => home === name).length).toBeGreaterThan(60);
  const [down = ''] = NAMES;
  addresses.markDown({ name: down, authority: undefined });
  for (const budget of budgets) {
    const now = (await addresses.pick(budget)).name;
    if (homes.get(budget) === down) expect(now).not.toBe(down);
    else expect(now).toBe(homes.get(budget));
    expect((await names(addresses, budget)).at(-1)).toBe(down);
  }
  addresses.markUp({ name: down, authority: undefined });
  for (const budget of budgets) expect((await addresses.pick(budget)).name).toBe(homes.get(budget));
});

/** Every language must agree: the SHA-256 of `budget + "\n" + address`. */
it('ranks as the clients in other languages do', async () => {
  expect(await names(new Addresses(NAMES), 'anthropic')).toEqual([1, 2, 0].map((at) => NAMES[at]));
});

it('comes back to a replica that was down after a while', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const addresses = new Addresses(NAMES);
  const home = await addresses.pick('anthropic');
  addresses.markDown(home);
  expect(await addresses.pick('anthropic')).not.toEqual(home);
  vi.advanceTimersByTime(600);
  expect(await addresses.pick('anthropic')).toMatchObject({ name: home.name });
  vi.useRealTimers();
});

it('finds the addresses behind a name, and keeps the name for the certificate', async () => {
  const lookUp = vi.fn(async () => [
    { address: '10.0.0.2' },
    { address: '10.0.0.1' },
    { address: 'fd00::1' },
  ]);
  const found = await new Addresses(['dns:///arbiter.internal:7000'], lookUp).ranked('anthropic');
  expect([...found].sort((a, b) => a.name.localeCompare(b.name))).toMatchObject(
    ['[fd00::1]:7000', '10.0.0.1:7000', '10.0.0.2:7000'].map((name) => ({
      name,
      authority: 'arbiter.internal:7000',
    })),
  );
  expect(lookUp).toHaveBeenCalledExactlyOnceWith('arbiter.internal');
});

it.each([
  ['10.1.2.3', '10.1.2.3:50051'],
  ['[::1]:9', '[::1]:9'],
  ['localhost:9', 'localhost:9'],
  ['https://arbiter:9/', 'arbiter:9'],
])('takes %s as %s', async (listed, name) => {
  const lookUp = async () => [{ address: '10.0.0.1' }];
  expect(await names(new Addresses([listed], lookUp), 'anthropic')).toEqual([name]);
});

it('needs one', () => {
  expect(() => new Addresses([])).toThrow(TypeError);
});
