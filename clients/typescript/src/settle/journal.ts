import { readFileSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lockJournal } from './journal-lock.js';
import type { Settlement } from './settlement.js';

/** So many lines that say that something is done are worth a new file. */
const COMPACT_AFTER = 1_000;

type Line = { readonly add: Settlement } | { readonly done: string };

/** What is yet to be settled, on the disk, so that a crash of this process loses none of it. One process at a time. */
export class Journal {
  private readonly open: Map<string, Settlement>;
  private waiting: { line: Line; resolve(): void; reject(error: unknown): void }[] = [];
  private writing = false;
  private closed = false;
  private doneLines = 0;

  private constructor(
    private readonly path: string,
    private file: FileHandle,
    left: readonly Settlement[],
    private readonly unlock: () => void,
  ) {
    this.open = new Map(left.map((settlement) => [settlement.id, settlement]));
  }

  /** With what an earlier process left in it. */
  static async open(
    path: string,
  ): Promise<{ readonly journal: Journal; readonly left: readonly Settlement[] }> {
    const unlock = lockJournal(path);
    try {
      const left = readLeft(path);
      const file = await rewritten(path, left);
      return { journal: new Journal(path, file, left, unlock), left };
    } catch (error) {
      unlock();
      throw error;
    }
  }

  /** Resolves once it is on the disk. */
  add(settlement: Settlement): Promise<void> {
    this.open.set(settlement.id, settlement);
    return this.append({ add: settlement });
  }

  /** Lost in a crash it is only asked for again. */
  done(id: string): void {
    this.open.delete(id);
    this.doneLines += 1;
    this.append({ done: id }).catch(() => {});
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.append({ done: '' }).catch(() => {});
    await this.file.close();
    this.unlock();
  }

  private append(line: Line): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ line, resolve, reject });
      if (!this.writing) void this.write();
    });
  }

  /** All that waits at this moment, with one flush. */
  private async write(): Promise<void> {
    this.writing = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        if (this.doneLines >= COMPACT_AFTER && !this.closed) {
          const old = this.file;
          this.file = await rewritten(this.path, [...this.open.values()]);
          await old.close();
          this.doneLines = 0;
        } else {
          await this.file.appendFile(batch.map(({ line }) => `${JSON.stringify(line)}\n`).join(''));
          if (batch.some(({ line }) => 'add' in line)) await this.file.datasync();
        }
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.writing = false;
  }
}

/** A line that a crash cut off is the last: whoever wrote it had not gone on. */
function readLeft(path: string): readonly Settlement[] {
  const left = new Map<string, Settlement>();
  for (const text of readText(path).split('\n')) {
    let line: Line;
    try {
      line = JSON.parse(text) as Line;
    } catch {
      continue;
    }
    if ('add' in line) left.set(line.add.id, line.add);
    else left.delete(line.done);
  }
  return [...left.values()];
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** A new file in the place of the old one, on the disk with its name. */
async function rewritten(path: string, left: readonly Settlement[]): Promise<FileHandle> {
  const next = `${path}.next`;
  const file = await open(next, 'w', 0o600);
  await file.appendFile(left.map((add) => `${JSON.stringify({ add })}\n`).join(''));
  await file.datasync();
  await rename(next, path);
  const folder = await open(dirname(path), 'r');
  await folder.sync();
  await folder.close();
  return file;
}
