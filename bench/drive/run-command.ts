import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** What a command printed; rejects with all of it if it fails. */
export async function runCommand(command: string, args: readonly string[], cwd?: string): Promise<string> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  let printed = '';
  let complaints = '';
  child.stdout.on('data', (chunk) => {
    printed += chunk;
  });
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  const [code] = await once(child, 'close');
  if (code === 0) return printed;
  throw new Error(`${command} ${args.join(' ')}: exit code ${code}\n${printed}${complaints}`);
}
