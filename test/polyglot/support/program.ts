import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Line {
  readonly event: string;
  readonly [name: string]: unknown;
}

const PATIENCE_MS = 60_000;

/** A program of a scenario as it runs: what it prints, and what it is told. */
export class Program {
  readonly lines: Line[] = [];
  private readonly ended: Promise<unknown>;
  private errors = '';
  private wasInterrupted = false;
  private taken = 0;

  private constructor(private readonly child: ChildProcess) {
    this.ended = once(child, 'close');
    if (child.stdout === null) throw new Error('no output');
    createInterface({ input: child.stdout }).on('line', (text) => {
      // Build tools may print around them.
      if (text.startsWith('{')) this.lines.push(JSON.parse(text));
    });
    child.stderr?.on('data', (chunk) => {
      this.errors += chunk;
    });
  }

  static start(command: readonly string[], folder: string, env: Readonly<Record<string, string>>): Program {
    const [file = '', ...args] = command;
    const others = Object.entries(process.env).filter(([name]) => !name.startsWith('BUDGET_ARBITER_'));
    const child = spawn(file, args, {
      cwd: folder,
      env: { ...Object.fromEntries(others), ...env },
      stdio: 'pipe',
    });
    return new Program(child);
  }

  /** The next line that it prints; it must be of this event. */
  async next(event: string): Promise<Line> {
    const until = performance.now() + PATIENCE_MS;
    while (this.lines.length <= this.taken) {
      const isOver = this.child.exitCode !== null || performance.now() > until;
      if (isOver && this.lines.length <= this.taken) throw new Error(`no ${event} came: ${this.said()}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const line = this.lines[this.taken++];
    if (line?.event !== event) throw new Error(`not ${event}: ${this.said()}`);
    return line;
  }

  /** It may go on. */
  tell(): void {
    this.child.stdin?.write('go\n');
  }

  /** As a terminal does on Ctrl-C. */
  interrupt(): void {
    this.wasInterrupted = true;
    this.child.kill('SIGINT');
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** With everything settled, and of its own accord. */
  async close(): Promise<void> {
    const { unsettled } = await this.next('closed');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE_MS);
    await this.ended;
    clearTimeout(timer);
    // A JVM that was interrupted says so as it exits, whatever became of its program.
    const isWell = this.child.exitCode === 0 || (this.wasInterrupted && this.child.exitCode === 130);
    if (unsettled !== 0 || !isWell) throw new Error(`not closed well: ${this.said()}`);
  }

  private said(): string {
    const lines = this.lines.map((line) => JSON.stringify(line)).join('\n');
    return `exit code ${this.child.exitCode}\n${lines}\n${this.errors}`;
  }
}
