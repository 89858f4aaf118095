import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from '../../end-to-end/support/until.js';
import { freePort } from '../../faults/support/free-port.js';

export const DEPLOY = fileURLToPath(new URL('../../../deploy/', import.meta.url));
const START_MS = 30_000;

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

/** Says what to install where it is missing. */
export async function promtool(...args: string[]): Promise<string> {
  const ran = promisify(execFile)('promtool', args, { cwd: `${DEPLOY}prometheus` });
  try {
    const { stdout, stderr } = await ran;
    return stdout + stderr;
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (code === 'ENOENT')
      throw new Error('promtool is missing: apt-get install prometheus', { cause: error });
    throw new Error(`promtool ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}

/** What promtool has to say of a page of metrics. */
export async function checkedPage(text: string): Promise<string> {
  const child = spawn('promtool', ['check', 'metrics']);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      printed += chunk;
    });
  }
  child.stdin.end(text);
  await once(child, 'close');
  return printed;
}

/** A real Prometheus with the configuration of `deploy/`, but for the target and how often it looks. */
export class Prometheus {
  private constructor(
    private readonly url: string,
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(target: string): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'arbiter-prometheus-'));
    await cp(`${DEPLOY}prometheus/alerts.yaml`, join(folder, 'alerts.yaml'));
    const example = await readFile(`${DEPLOY}prometheus/prometheus.yaml`, 'utf8');
    const config = join(folder, 'prometheus.yaml');
    await writeFile(config, example.replaceAll('15s', '1s').replace('127.0.0.1:8080', target));
    const address = `127.0.0.1:${await freePort()}`;
    const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`];
    const child = spawn('prometheus', [...args, `--web.listen-address=${address}`, '--log.level=error'], {
      stdio: 'ignore',
    });
    const missing = once(child, 'error').then(() => {
      throw new Error('prometheus is missing: apt-get install prometheus');
    });
    const started = new Prometheus(`http://${address}`, folder, child);
    const ready = until(
      'prometheus is ready',
      async () => ((await fetch(`http://${address}/-/ready`)).ok ? true : undefined),
      START_MS,
    );
    await Promise.race([ready, missing]);
    return started;
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
    await rm(this.folder, { recursive: true, force: true });
  }

  /** What a query gives now. Throws what Prometheus says is wrong with it. */
  async query(query: string): Promise<Series[]> {
    const { result } = await this.get<{ result: Series[] }>('query', { query });
    return result;
  }

  get<Data>(what: string, parameters: Readonly<Record<string, string>> = {}): Promise<Data> {
    return fetch(`${this.url}/api/v1/${what}?${new URLSearchParams(parameters)}`)
      .then((response) => response.json() as Promise<{ status: string; data: Data; error?: string }>)
      .then(({ status, data, error }) => {
        if (status !== 'success') throw new Error(error);
        return data;
      });
  }
}
