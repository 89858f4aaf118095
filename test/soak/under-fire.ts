import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { run } from '../faults/support/command.js';
import { faketimeLibrary, MovableClock } from '../faults/support/faketime.js';
import { freePort } from '../faults/support/free-port.js';
import { Load } from '../faults/support/load.js';
import { pause } from '../faults/support/pause.js';
import { FaultyProxy, type Line } from '../support/faulty-proxy.js';
import { type Service, startService } from '../support/service.js';

export interface Fault {
  readonly name: string;
  /** Strikes, lasts a while, and is mended when it resolves. */
  strike(): Promise<void>;
}

export interface UnderFire {
  readonly name: string;
  readonly load: Load;
  readonly faults: readonly Fault[];
  end(): Promise<void>;
}

const LINES: readonly Line[] = ['cut', 'stalled', 'silent', 'cut-after-request', 'lose-one', 'slow'];
const isRoot = process.getuid?.() === 0;

/** A service at one address, that is killed and started again, with a clock that can be moved. */
class Victim {
  private service: Service | undefined;

  private constructor(
    readonly address: string,
    private readonly folder: string,
    private readonly env: Record<string, string>,
    private readonly clock: MovableClock | undefined,
    private readonly random: () => number,
  ) {}

  static async start(env: Record<string, string>, random: () => number): Promise<Victim> {
    const folder = await mkdtemp(join(tmpdir(), 'budget-arbiter-soak-'));
    const clock = faketimeLibrary === undefined ? undefined : new MovableClock(folder, faketimeLibrary);
    await clock?.move('+0');
    const victim = new Victim(`127.0.0.1:${await freePort()}`, folder, env, clock, random);
    await victim.begin();
    return victim;
  }

  get faults(): Fault[] {
    const clock = this.clock;
    const kill = { name: 'kill -9 of the service', strike: () => this.killed() };
    if (clock === undefined) return [kill];
    return [kill, { name: 'clock moved', strike: () => this.moved(clock) }];
  }

  async end(): Promise<void> {
    await this.service?.stop();
    await rm(this.folder, { recursive: true });
  }

  private async begin(): Promise<void> {
    const env = { ...this.env, ...this.clock?.env, GRPC_ADDRESS: this.address };
    this.service = await startService({ env });
  }

  private async killed(): Promise<void> {
    await this.service?.kill();
    await pause(this.random() * 2_000);
    await this.begin();
  }

  private async moved(clock: MovableClock): Promise<void> {
    const offset = ['+2h', '-2h', '+40d', '-5s'][Math.floor(this.random() * 4)] ?? '+2h';
    await clock.move(offset);
    await pause(1_000 + this.random() * 5_000);
    await clock.move('+0');
  }
}

export async function embeddedUnderFire(seed: number, random: () => number): Promise<UnderFire> {
  const disk = await mkdtemp(join(tmpdir(), 'budget-arbiter-soak-disk-'));
  if (isRoot) await run('mount', '-t', 'tmpfs', '-o', 'size=1g', 'tmpfs', disk);
  const victim = await Victim.start({ DATA_DIR: join(disk, 'data') }, random);
  const fullDisk = async () => {
    const ballast = join(disk, 'ballast');
    await run('dd', 'if=/dev/zero', `of=${ballast}`, 'bs=64k').catch(() => undefined);
    await pause(1_000 + random() * 5_000);
    await rm(ballast);
  };
  return {
    name: 'embedded',
    load: await new Load(victim.address, 'soak', seed).start(),
    faults: [...victim.faults, ...(isRoot ? [{ name: 'full disk', strike: fullDisk }] : [])],
    end: async () => {
      await victim.end();
      if (isRoot) await run('umount', '-l', disk);
      await rm(disk, { recursive: true });
    },
  };
}

/** On an engine of its own, if there is one, since that is killed too; else on MONGODB_URI; undefined without either. */
export async function mongoUnderFire(seed: number, random: () => number): Promise<UnderFire | undefined> {
  const engine = process.env['MONGO_ENGINE'];
  const direct = engine === undefined ? process.env['MONGODB_URI'] : await run(engine, 'up');
  if (!direct) return undefined;
  const database = `soak_${randomUUID().slice(0, 8)}`;
  const { proxy, uri } = await FaultyProxy.beforeMongo(direct);
  const victim = await Victim.start({ MONGODB_URI: uri, MONGODB_DATABASE: database }, random);
  const lines = LINES.map((line) => ({
    name: `line ${line}`,
    strike: async () => {
      proxy.line = line;
      await pause(500 + random() * 8_000);
      proxy.line = 'open';
    },
  }));
  const crash = async (command: string) => {
    await run(command, 'crash');
    await pause(random() * 4_000);
    await run(command, 'up');
  };
  return {
    name: 'MongoDB',
    load: await new Load(victim.address, 'soak', seed).start(),
    faults: [
      ...victim.faults,
      ...lines,
      ...(engine ? [{ name: 'kill -9 of MongoDB', strike: () => crash(engine) }] : []),
    ],
    end: async () => {
      await victim.end();
      await proxy.stop();
      await dropDatabase(direct, database);
    },
  };
}

async function dropDatabase(uri: string, database: string): Promise<void> {
  const client = new MongoClient(uri);
  await client.db(database).dropDatabase();
  await client.close();
}
