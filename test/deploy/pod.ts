import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Manifest } from './helm.js';

const BIN = fileURLToPath(new URL('../../src/bin.ts', import.meta.url));
const TSX = import.meta.resolve('tsx');

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** The volumes of a pod, as folders of this machine, and what a container would run on them. */
export class Volumes {
  private readonly root = mkdtempSync(join(tmpdir(), 'pod-'));

  constructor(private readonly secrets: Readonly<Record<string, string>> = {}) {
    mkdirSync(this.at('bin'));
    // In the image a link leads there.
    const program = join(this.at('bin'), 'budget-arbiter');
    writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' --import '${TSX}' '${BIN}' "$@"\n`);
    chmodSync(program, 0o755);
  }

  /** Where this machine has a folder of the container. */
  at(path: string): string {
    return join(this.root, path);
  }

  /** Of a container that mounts these folders: what it reads from its environment. */
  environment(container: Manifest): Record<string, string> {
    const entries = (container.env as readonly Manifest[]).map(({ name, value, valueFrom }) => [
      name,
      value === undefined ? (this.secrets[valueFrom.secretKeyRef.key] ?? '') : this.moved(value, container),
    ]);
    return Object.fromEntries(entries);
  }

  /** Runs what the container runs, to its end. */
  async run(container: Manifest): Promise<Ran> {
    const { command = ['budget-arbiter'], args = [] } = container;
    const [program = '', ...rest] = [...command, ...args].map((text: string) => this.moved(text, container));
    const env = { PATH: `${this.at('bin')}:${process.env['PATH']}`, ...this.environment(container) };
    const child = spawn(program, rest, { cwd: this.root, env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output };
  }

  /** Nothing else than what is mounted there may be meant. */
  private moved(text: string, container: Manifest): string {
    const paths = (container.volumeMounts as readonly Manifest[]).map(({ mountPath }) => mountPath as string);
    for (const path of paths) mkdirSync(this.at(path), { recursive: true });
    // In one go: what was moved once stays there.
    const mounted = new RegExp(`(?<=^|[\\s"'])(?:${paths.join('|')})(?=/|\\s|$)`, 'g');
    return text.replaceAll(mounted, (path) => this.at(path));
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}
