import { readFileSync } from 'node:fs';
import os from 'node:os';
import { MongoClient } from 'mongodb';
import { runCommand } from './drive/run-command.js';

/** What the numbers were made on. */
export interface Machine {
  readonly date: string;
  readonly commit: string;
  readonly cpu: string;
  readonly memory: string;
  readonly system: string;
  /** Of the last minute before the run: a busy machine tells on all rows. */
  readonly loadBefore: string;
  readonly versions: Readonly<Record<string, string>>;
}

export async function describeMachine(mongoUri: string | undefined): Promise<Machine> {
  const [cpu] = os.cpus();
  return {
    date: `${new Date().toISOString().slice(0, 16)}Z`,
    commit: await firstLine('git', ['describe', '--always', '--dirty']),
    cpu: `${os.cpus().length} x ${cpu?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    loadBefore: (os.loadavg()[0] ?? 0).toFixed(2),
    versions: {
      node: process.versions.node,
      ...packages('@grpc/grpc-js', 'lmdb', 'mongodb', 'rate-limiter-flexible'),
      go: await firstLine('go', ['env', 'GOVERSION']),
      ghz: await firstLine('sh', [
        '-c',
        'go version -m "$(command -v ghz)" | awk \'$1 == "mod" {print $3}\'',
      ]),
      ...(mongoUri === undefined ? {} : { 'MongoDB engine': await engine(mongoUri) }),
    },
  };
}

export function machineLines(machine: Machine): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${machine.date}, commit ${machine.commit}`,
    `${machine.cpu}, ${machine.memory}, ${machine.system}; load before the run ${machine.loadBefore}`,
    versions.join(', '),
  ].join('\n');
}

function packages(...names: readonly string[]): Record<string, string> {
  const versions = names.map((name) => {
    const text = readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8');
    return [name, (JSON.parse(text) as { version: string }).version];
  });
  return Object.fromEntries(versions) as Record<string, string>;
}

async function firstLine(command: string, args: readonly string[]): Promise<string> {
  const printed = await runCommand(command, args).catch(() => '');
  return printed.trim().split('\n')[0] || 'unknown';
}

async function engine(uri: string): Promise<string> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 5_000 });
  try {
    const { version, ferretdb } = await client.db('admin').command({ buildInfo: 1 });
    const ferret = (ferretdb as { version?: string } | undefined)?.version;
    return ferret === undefined ? String(version) : `${version} (FerretDB ${ferret})`;
  } finally {
    await client.close();
  }
}
