import { type Environment, processEnvironment } from '../config/environment.js';
import { StartError } from '../platform/start-error.js';
import { checkHealth, probeOptions } from './health.js';
import { type Output, PROCESS_OUTPUT } from './output.js';

/**
 * Runs a command, or answers an option such as `--help`: the exit code. Undefined: serve. An error of an operator's making
 * is one line on stderr.
 */
export async function runCli(
  args: readonly string[],
  environment: Environment = processEnvironment(),
  output: Output = PROCESS_OUTPUT,
): Promise<number | undefined> {
  // Commands are not needed then.
  if (args.length === 0) return undefined;
  let exitCode: number | undefined = 0;
  const finish = (code: number): void => {
    exitCode = code;
  };
  const serve = (): void => {
    exitCode = undefined;
  };
  const refused = (error: Error, code: number): number => {
    output.err(`budget-arbiter ${args[0] ?? ''}: ${error.message}\n`);
    return code;
  };
  output.start?.();
  try {
    const run = { environment, output, finish };
    const probe = probeOptions(args);
    if (probe !== undefined) await checkHealth(run, probe);
    else await (await import('./program.js')).runProgram(args, run, serve);
    return exitCode;
  } catch (error) {
    if (error instanceof StartError) return refused(error, error.exitCode);
    // A folder that may not be written, a disk that is full: the message says which.
    if (error instanceof Error && 'syscall' in error) return refused(error, 1);
    throw error;
  }
}
