import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { AiLine } from './ai-line.js';

export interface Service {
  readonly process: ChildProcess;
  readonly grpc: string;
  readonly http: string;
}

/** Starts the built service on free ports and a folder of its own. */
export function startService(dataDir: string): Promise<Service> {
  const main = new URL('../../dist/main.js', import.meta.url).pathname;
  const env = {
    PATH: process.env['PATH'],
    DATA_DIR: dataDir,
    GRPC_ADDRESS: '127.0.0.1:0',
    HTTP_ADDRESS: '127.0.0.1:0',
  };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'], cwd: dataDir });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the service ended with exit code ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { msg, grpc, http } = JSON.parse(line) as { msg: string; grpc: string; http: string };
      if (msg === 'listening') resolve({ process: child, grpc, http });
    });
  });
}

export interface Ai {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
}

/** Starts one AI as a process of its own, and hears what it says. */
export function startAi(args: readonly string[], heard: (line: AiLine) => void): Ai {
  const main = new URL('ai.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface({ input: child.stdout }).on('line', (line) => heard(JSON.parse(line) as AiLine));
  return { process: child, ended: new Promise((resolve) => void child.once('close', () => resolve())) };
}

export function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}
