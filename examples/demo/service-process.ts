import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const START_MS = 20_000;
/** The service itself promises 10 s. */
const STOP_MS = 12_000;

export interface Service {
  readonly grpc: string;
  readonly http: string;
  stop(): Promise<void>;
}

/** Starts the built service on free ports, with its data in `dataDir`. It appends what it is asked to the file `record`. */
export async function startService(dataDir: string, record: string | undefined): Promise<Service> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../dist/main.js', import.meta.url))], {
    // Nothing of the shell's: a MONGODB_URI there must not see the demo's data.
    env: {
      ...{ DATA_DIR: dataDir, GRPC_ADDRESS: '127.0.0.1:0', HTTP_ADDRESS: '127.0.0.1:0' },
      ...(record !== undefined && { RECORD_FILE: record }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C reaches the demo alone, which then stops everything in order.
    detached: true,
  });
  try {
    return { ...(await listening(child)), stop: () => stop(child) };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

function listening(child: ChildProcess): Promise<{ grpc: string; http: string }> {
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    const fail = (what: string) => reject(new Error(`the service ${what}:\n${said.slice(-10).join('\n')}`));
    const timer = setTimeout(() => fail('does not listen'), START_MS);
    child.once('error', reject);
    child.once('close', (code) => fail(`ended with exit code ${code}`));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        // Read to the end of its life, or a full pipe would stop the service; kept only for the message above.
        said.splice(0, said.length - 10);
        said.push(line);
        const address = /"grpc":"([^"]+)","http":"([^"]+)".*"msg":"listening"/.exec(line);
        if (address === null) return;
        clearTimeout(timer);
        resolve({ grpc: address[1] ?? '', http: address[2] ?? '' });
      });
    }
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}
