import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));

/** A row of the table in `examples/README.md`: the commands that a reader types are those that run here. */
export interface Example {
  readonly language: string;
  readonly folder: string;
  readonly build: readonly string[];
  readonly run: string;
}

/** One line that an AI printed. */
export interface PrintedSlot {
  readonly ai: string;
  readonly lease_id: string;
  readonly fence: number;
  readonly charged: number;
  readonly denied_first?: readonly string[];
}

export function readExamples(): Example[] {
  const rows = readFileSync(`${EXAMPLES}README.md`, 'utf8').matchAll(
    /^\| (\S+) \| [^|]+ \| `([a-z]+)\/` \| `([^`]+)` \|/gm,
  );
  return [...rows].map(([, language = '', folder = '', commands = '']) => {
    const all = commands.split(' && ');
    return { language, folder, build: all.slice(0, -1), run: all.at(-1) ?? '' };
  });
}

/** Runs a command in the folder of an example. Returns what it printed; rejects with all of it if the command fails. */
export async function runIn(
  folder: string,
  command: string,
  env: Record<string, string> = {},
  onPrinted: (chunk: string) => void = () => {},
): Promise<string> {
  const child = spawn(command, {
    cwd: EXAMPLES + folder,
    env: { ...process.env, ...env },
    shell: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let complaints = '';
  child.stdout.on('data', (chunk) => {
    printed += chunk;
    onPrinted(String(chunk));
  });
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${folder}: "${command}" ended with ${code}\n${printed}\n${complaints}`);
  return printed;
}

/** Build tools may print around the lines, and before one: Maven starts with an escape sequence. */
export function printedSlots(printed: string): PrintedSlot[] {
  return printed
    .split('\n')
    .filter((line) => line.includes('{"'))
    .map((line) => JSON.parse(line.slice(line.indexOf('{"'))) as PrintedSlot);
}
