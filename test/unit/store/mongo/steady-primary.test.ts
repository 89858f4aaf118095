import { EventEmitter } from 'node:events';
import type { MongoClient } from 'mongodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { type CurrentRead, SteadyPrimary } from '../../../../src/store/mongo/steady-primary.js';

/** A server as the driver describes it. */
interface Described {
  readonly type: string;
  readonly address: string;
  readonly electionId?: string;
  readonly setVersion?: number;
}

const primary = (electionId: string, address = 'a:1'): Described => ({
  ...{ type: 'RSPrimary', address, electionId, setVersion: 1 },
});
const SECONDARY: Described = { type: 'RSSecondary', address: 'c:1' };
const GONE: Described = { type: 'Unknown', address: 'a:1' };

let now: number;
let steady: SteadyPrimary;
let client: EventEmitter;

beforeEach(() => {
  now = 50_000;
  steady = new SteadyPrimary(() => now);
  client = follow();
});

function follow(): EventEmitter {
  const made = new EventEmitter();
  steady.follow(made as unknown as MongoClient);
  return made;
}

function see(...servers: Described[]): void {
  const described = new Map(servers.map((server) => [server.address, server]));
  client.emit('topologyDescriptionChanged', { newDescription: { servers: described } });
}

/** With what each read was sent, in order. */
async function sent(during: () => void = () => {}): Promise<string[]> {
  const levels: string[] = [];
  await steady.read(async ({ readConcern }: CurrentRead) => {
    levels.push(typeof readConcern === 'object' && 'level' in readConcern ? readConcern.level : 'plain');
    during();
  });
  return levels;
}

function pass(ms: number): void {
  now += ms;
}

const beat = (changed = true) => steady.confirmBy(async () => changed);

describe('a read that must be current', () => {
  it('is confirmed by the server until a majority has acknowledged a write of this primary', async () => {
    see(primary('1'), SECONDARY);
    expect(await sent()).toEqual(['linearizable']);
    await beat();
    expect(await sent()).toEqual(['plain']);
  });

  it('is confirmed again after an election, also of the same server', async () => {
    for (const next of [primary('2', 'b:1'), primary('3')]) {
      see(primary('1'), SECONDARY);
      await beat();
      see(next, SECONDARY);
      expect(await sent()).toEqual(['linearizable']);
      await beat();
      expect(await sent()).toEqual(['plain']);
    }
  });

  it('is confirmed again where the primary was out of sight', async () => {
    see(primary('1'));
    await beat();
    see(GONE);
    see(primary('1'));
    expect(await sent()).toEqual(['linearizable']);
  });

  it('stays plain where something else of the replica set changes', async () => {
    see(primary('1'), SECONDARY);
    await beat();
    see(primary('1'), { ...SECONDARY, type: 'Unknown' });
    expect(await sent()).toEqual(['plain']);
  });

  it('is confirmed once a majority has acknowledged nothing for long: the primary may be cut off', async () => {
    see(primary('1'));
    await beat();
    now += 3_999;
    expect(await sent()).toEqual(['plain']);
    now += 1;
    expect(await sent()).toEqual(['linearizable']);
  });

  it('counts the time from when the write was sent', async () => {
    see(primary('1'));
    await steady.confirmBy(async () => {
      now += 3_000;
      return true;
    });
    now += 1_000;
    expect(await sent()).toEqual(['linearizable']);
  });

  it.each([
    ['an election', () => see(primary('2', 'b:1'))],
    ['a silence', () => pass(4_000)],
  ])('is sent again, confirmed, where %s came while it was under way', async (_, during) => {
    see(primary('1'));
    await beat();
    expect(await sent(during)).toEqual(['plain', 'linearizable']);
  });

  it.each([
    ['changed nothing', () => beat(false)],
    ['failed', () => steady.confirmBy(() => Promise.reject(new Error('no majority'))).catch(() => {})],
    [
      'was sent to the primary before',
      () =>
        steady.confirmBy(async () => {
          see(primary('2'));
          return true;
        }),
    ],
  ])('is not made plain by a write that %s', async (_, write) => {
    see(primary('1'));
    await write();
    expect(await sent()).toEqual(['linearizable']);
  });

  it('is always confirmed behind a mongos, where elections are not to be seen', async () => {
    see({ type: 'Mongos', address: 'a:1' });
    await beat();
    expect(await sent()).toEqual(['linearizable']);
  });

  it('is plain on a server that is no replica set, also while it is out of reach', async () => {
    see({ type: 'Standalone', address: 'a:1' });
    expect(await sent()).toEqual(['plain']);
    expect(await sent(() => see(GONE))).toEqual(['plain']);
    client = follow();
    expect(await sent()).toEqual(['plain']);
  });

  it('is confirmed on a new client, and hears nothing of the old one', async () => {
    see(primary('1'));
    await beat();
    const old = client;
    client = follow();
    const described = new Map([['a:1', primary('1')]]);
    old.emit('topologyDescriptionChanged', { newDescription: { servers: described } });
    await beat();
    expect(await sent()).toEqual(['linearizable']);
  });
});
