import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const ENOUGH_MS = 15_000;

export interface FailedStart {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built service with these settings and no others of ours. */
export function spawnService(env: Record<string, string>): ChildProcess {
  const PATH = process.env['PATH'] ?? '';
  const own = { GRPC_ADDRESS: '127.0.0.1:0', HTTP_ADDRESS: '127.0.0.1:0' };
  const dataDir = path.join(tmpdir(), `arbiter-never-${process.pid}`);
  return spawn(process.execPath, [MAIN], {
    env: { PATH, DATA_DIR: dataDir, ...own, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: ENOUGH_MS,
    killSignal: 'SIGKILL',
  });
}

/** What a start that must fail leaves on the terminal. */
export async function failedStart(env: Record<string, string>): Promise<FailedStart> {
  const child = spawnService(env);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (text) => {
    stdout += text;
  });
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
