import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs a command of the machine; its output without the line end. */
export async function run(command: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args);
  return stdout.trim();
}
