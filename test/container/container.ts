import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Image, must, type Result, run } from './image.js';

/**
 * Runs an image as an engine with `--read-only` would: its root mounted read-only, only its volume writable, and its own
 * user, environment, folder and entry point. In a mount namespace of its own, so that nothing stays mounted; the network
 * is the machine's.
 */
const AS_AN_ENGINE = `
set -e
root=$1 volume=$2 volume_path=$3 user=$4 folder=$5
shift 5
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount --bind "$volume" "$root$volume_path"
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" "$root" env -i --chdir="$folder" "$@"
`;

export class Container {
  private constructor(
    private readonly image: Image,
    private readonly id: string,
    private readonly root: string,
    private readonly volume: string,
    private readonly environment: readonly string[],
  ) {}

  static async create(image: Image, environment: Readonly<Record<string, string>>): Promise<Container> {
    const id = await must('buildah', 'from', image.name);
    const root = await must('buildah', 'mount', id);
    const volume = await mkdtemp(join(tmpdir(), 'volume-'));
    const [uid, gid] = image.config.User.split(':').map(Number);
    await chown(volume, uid ?? 0, gid ?? 0);
    const extra = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    return new Container(image, id, root, volume, [...image.config.Env, ...extra]);
  }

  /** Starts the image's entry point. The process is the service's own: no shell stays between. */
  start(...args: string[]): Service {
    const { User, WorkingDir, Entrypoint, Volumes } = this.image.config;
    const [volumePath = ''] = Object.keys(Volumes);
    const place = [this.root, this.volume, volumePath, User, WorkingDir];
    const command = [...place, ...this.environment, ...Entrypoint, ...args];
    return new Service(
      spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', AS_AN_ENGINE, 'sh', ...command]),
    );
  }

  /** Runs the image's health check inside the running service's container. */
  health(service: Service): Promise<Result> {
    const [, ...command] = this.image.config.Healthcheck.Test;
    return this.exec(service, ...command);
  }

  exec(service: Service, ...command: string[]): Promise<Result> {
    const [uid = '', gid = ''] = this.image.config.User.split(':');
    const inside = [
      '--target',
      `${service.pid}`,
      '--mount',
      '--root',
      '--wd',
      '--setuid',
      uid,
      '--setgid',
      gid,
    ];
    return run('nsenter', ...inside, 'env', '-i', ...this.environment, ...command);
  }

  async remove(): Promise<void> {
    await run('buildah', 'rm', this.id);
    await rm(this.volume, { recursive: true });
  }
}

export class Service {
  readonly ended: Promise<number | null>;
  private printed = '';

  constructor(private readonly child: ChildProcess) {
    child.stdout?.on('data', (text) => (this.printed += text));
    child.stderr?.on('data', (text) => (this.printed += text));
    this.ended = once(child, 'close').then(([code]) => code);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Everything that it has printed. */
  get output(): string {
    return this.printed;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.running) this.child.kill(signal);
    return this.ended;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
