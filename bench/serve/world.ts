import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import { LoadedClients } from '../../test/support/loaded-client.js';
import { startService } from '../../test/support/service.js';
import type { PeerKind } from '../peers/peer-kinds.js';
import { type SpawnedPeer, spawnPeer } from '../peers/spawn-peer.js';

const ECHO = fileURLToPath(new URL('./echo-process.ts', import.meta.url));

export type Place = 'embedded' | 'mongo' | 'pair' | 'echo' | 'echo-denied';

/** Processes that serve one thing. */
export interface Served {
  readonly addresses: readonly string[];
  readonly pids: readonly number[];
  readonly clients: LoadedClients;
}

/** Everything that is measured in one run: each process is started when first needed, and all run until the end. */
export class World {
  readonly #served = new Map<Place, Promise<Served>>();
  readonly #undos: (() => Promise<unknown> | unknown)[] = [];

  constructor(
    readonly mongoUri: string | undefined,
    /** Where the services append what they are asked. */
    private readonly record: string | undefined,
  ) {}

  at(place: Place): Promise<Served> {
    const found = this.#served.get(place);
    if (found !== undefined) return found;
    const made = this.#start(place);
    this.#served.set(place, made);
    return made;
  }

  /** A peer in a process of its own, on a database of its own. */
  async peer(kind: PeerKind, keys: number): Promise<SpawnedPeer> {
    const onMongo = kind === 'find-one-and-update' || kind === 'rate-limiter';
    const { MONGODB_URI: mongoUri = '', MONGODB_DATABASE: database = '' } = onMongo
      ? this.#mongoEnv(`${kind}-${keys}`)
      : {};
    const peer = await spawnPeer(kind, { keys, mongoUri, database });
    this.#undos.push(() => peer.stop());
    return peer;
  }

  async stop(): Promise<void> {
    for (const undo of this.#undos.splice(0).reverse()) await undo();
  }

  async #start(place: Place): Promise<Served> {
    if (place === 'embedded')
      return this.#services([{ ...(await this.#embeddedEnv()), ...this.#recordTo('') }]);
    if (place === 'mongo' || place === 'pair') {
      const env = this.#mongoEnv(place);
      const names = place === 'pair' ? ['.pair-1', '.pair-2'] : ['.mongo'];
      return this.#services(names.map((name) => ({ ...env, ...this.#recordTo(name) })));
    }
    return this.#echo(place === 'echo' ? 'granted' : 'denied');
  }

  #recordTo(name: string): Record<string, string> {
    return this.record === undefined ? {} : { RECORD_FILE: `${this.record}${name}` };
  }

  async #embeddedEnv(): Promise<Record<string, string>> {
    const folder = await mkdtemp(path.join(tmpdir(), 'bench-data-'));
    this.#undos.push(() => rm(folder, { recursive: true, force: true }));
    return { DATA_DIR: folder };
  }

  #mongoEnv(name: string): Record<string, string> {
    const uri = this.mongoUri;
    if (uri === undefined) throw new Error('MONGODB_URI names no MongoDB');
    const database = `budget_bench_${process.pid}_${name}`;
    this.#undos.push(async () => {
      const client = new MongoClient(uri);
      await client.db(database).dropDatabase();
      await client.close();
    });
    return { MONGODB_URI: uri, MONGODB_DATABASE: database };
  }

  async #services(envs: readonly Record<string, string>[]): Promise<Served> {
    const services = [];
    for (const env of envs) {
      const service = await startService({ env });
      this.#undos.push(() => service.stop());
      services.push(service);
    }
    return this.#reached(
      services.map(({ grpcAddress }) => grpcAddress),
      services.map(({ pid }) => pid),
    );
  }

  async #echo(acquire: 'granted' | 'denied'): Promise<Served> {
    const child = spawn(process.execPath, ['--import', 'tsx', ECHO, acquire], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#undos.push(async () => {
      child.kill();
      await once(child, 'close');
    });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return this.#reached([(JSON.parse(line) as { grpc: string }).grpc], [child.pid ?? 0]);
  }

  #reached(addresses: readonly string[], pids: readonly number[]): Served {
    const clients = new LoadedClients(addresses[0] ?? '');
    this.#undos.push(() => clients.close());
    return { addresses, pids, clients };
  }
}
