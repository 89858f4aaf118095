import { CommanderError } from 'commander';
import { answerCli } from '../cli.js';
import { type Environment, processEnvironment } from '../config.js';
import { StartError } from '../platform/start-error.js';
import { type Output, PROCESS_OUTPUT } from './output.js';
import { commandNames, programFor } from './program.js';

/**
 * Runs a command, or answers an option such as `--help`: the exit code. Undefined: serve. An error of an operator's making
 * is one line on stderr.
 */
export async function runCli(
  args: readonly string[],
  environment: Environment = processEnvironment(),
  output: Output = PROCESS_OUTPUT,
): Promise<number | undefined> {
  const [name = ''] = args;
  if (name === 'serve' || !commandNames().includes(name)) {
    const answer = answerCli(name === 'serve' ? args.slice(1) : args, environment);
    if (answer === undefined) return undefined;
    output.start?.();
    output.out(answer.stdout);
    output.err(answer.stderr);
    return answer.exitCode;
  }
  output.start?.();
  let exitCode = 0;
  const finish = (code: number): void => {
    exitCode = code;
  };
  const refused = (error: Error, code: number): number => {
    output.err(`budget-arbiter ${name}: ${error.message}\n`);
    return code;
  };
  try {
    await programFor({ environment, output, finish }).parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof StartError) return refused(error, error.exitCode);
    // A folder that may not be written, a disk that is full: the message says which.
    if (error instanceof Error && 'syscall' in error) return refused(error, 1);
    throw error;
  }
}
