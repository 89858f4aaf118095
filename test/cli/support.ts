import { programFor } from '../../src/cli/program.js';
import { runCli } from '../../src/cli/run.js';
import type { Environment } from '../../src/config/environment.js';

export interface Printed {
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
}

/** Runs a command within this process. */
export async function cli(args: readonly string[], environment: Environment = {}): Promise<Printed> {
  let [out, err] = ['', ''];
  const output = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
  };
  const code = await runCli(args, environment, output);
  return { code, out, err };
}

/** By their names, `serve` too. */
export function commandNames(): string[] {
  const output = { out: () => {}, err: () => {} };
  const program = programFor({ environment: {}, output, finish: () => {} }, () => {});
  return program.commands.map((command) => command.name());
}
