import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export type ChildMode = 'hold' | 'commit' | 'fill';

const SCRIPT = fileURLToPath(new URL('./lmdb-child.ts', import.meta.url));

/** A process that opens a folder and says line by line what it does; see `lmdb-child.ts`. */
export class Child {
  private readonly process: ChildProcessByStdio<null, Readable, null>;
  private readonly ended: Promise<unknown>;
  private readonly lines: string[] = [];
  private readonly waiting: ((line: string) => void)[] = [];

  /** `limits` is shell text that runs before, such as `ulimit -f 2048; `. */
  constructor(dataDir: string, mode: ChildMode, limits: string) {
    const command = `${limits}exec "$0" --import tsx "$@"`;
    this.process = spawn('sh', ['-c', command, process.execPath, SCRIPT, dataDir, mode], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const reader = createInterface({ input: this.process.stdout });
    reader.on('line', (line) => {
      const waiter = this.waiting.shift();
      if (waiter) waiter(line);
      else this.lines.push(line);
    });
    this.ended = Promise.all([once(this.process, 'exit'), once(reader, 'close')]);
  }

  line(): Promise<string> {
    const line = this.lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** What it said before it died and nobody has asked for. */
  unread(): string[] {
    return this.lines.splice(0);
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }
}
