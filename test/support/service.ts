import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START_TIMEOUT_MS = 30_000;

/** Settings of the service that must not leak in from the shell of whoever runs the tests. */
const OWN_VARIABLES = [
  'GRPC_ADDRESS',
  'HTTP_ADDRESS',
  'MONGODB_URI',
  'MONGODB_DATABASE',
  'DATA_DIR',
  'CONFIG_FILE',
  'DEFAULT_BUDGET',
  'USAGE_RETENTION_MONTHS',
  'MAX_CLOCK_SKEW',
  'LOG_LEVEL',
  'ALLOW_INSECURE',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'RECORD_FILE',
  'PUBLIC_URL',
  'TRUSTED_PROXIES',
  'PROXY_PROTOCOL',
  'GRPC_MAX_CONNECTION_AGE',
];

export type LogLine = Readonly<Record<string, unknown>>;

/** The service, in a process of its own. */
export interface Service {
  readonly grpcAddress: string;
  readonly httpAddress: string;
  readonly pid: number;
  /** What it logged so far; a line that is not JSON stands under `text`. */
  readonly logs: readonly LogLine[];
  /** Asks it to stop. Returns its exit code. */
  stop(): Promise<number | null>;
  /** Ends it as a crash would. Its data stay if the caller named `DATA_DIR`. */
  kill(): Promise<void>;
}

/** Starts the service on free ports and, unless `env` says otherwise, on a store of its own. Resolves when it serves. */
export async function startService({ env = {} }: { env?: Record<string, string> } = {}): Promise<Service> {
  const temporary =
    env['DATA_DIR'] === undefined ? await mkdtemp(path.join(tmpdir(), 'arbiter-')) : undefined;
  const child = spawn(process.execPath, entryPoint(), {
    cwd: ROOT,
    env: {
      ...inherited(),
      GRPC_ADDRESS: '127.0.0.1:0',
      HTTP_ADDRESS: '127.0.0.1:0',
      ...(temporary && { DATA_DIR: temporary }),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'close') as Promise<[number | null]>;
  const logs: LogLine[] = [];
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    const [code] = await exited;
    if (temporary) await rm(temporary, { recursive: true, force: true });
    return code;
  };
  try {
    const listening = await waitForListening(child, exited, logs);
    return {
      grpcAddress: String(listening['grpc']),
      httpAddress: String(listening['http']),
      pid: child.pid ?? 0,
      logs,
      stop: () => end('SIGTERM'),
      kill: async () => void (await end('SIGKILL')),
    };
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
}

/** The built service, with the room for young objects that it has in production; before the first build, its source. */
function entryPoint(): string[] {
  const built = path.join(ROOT, 'dist/bin.js');
  const started = existsSync(built) ? [built] : ['--import', 'tsx', path.join(ROOT, 'src/bin.ts')];
  return ['--max-semi-space-size=16', ...started];
}

function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !OWN_VARIABLES.includes(name)));
}

async function waitForListening(
  child: ChildProcess,
  exited: Promise<[number | null]>,
  logs: LogLine[],
): Promise<LogLine> {
  const tail = () =>
    logs
      .slice(-20)
      .map((line) => JSON.stringify(line))
      .join('\n');
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`The service does not listen:\n${tail()}`)),
      START_TIMEOUT_MS,
    );
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (text) => {
        const line = parse(text);
        logs.push(line);
        if (line['msg'] !== 'listening') return;
        clearTimeout(timer);
        resolve(line);
      });
    }
    void exited.then(([code]) => {
      clearTimeout(timer);
      reject(new Error(`The service ended with code ${code}:\n${tail()}`));
    });
  });
}

function parse(text: string): LogLine {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as LogLine) : { text };
  } catch {
    return { text };
  }
}
