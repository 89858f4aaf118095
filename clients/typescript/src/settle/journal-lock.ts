import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';

/**
 * One process a journal. Node has no lock that the kernel drops, so a file says who has it: the process id, and when that process
 * began, since ids come again. Returns what gives it back.
 */
export function lockJournal(path: string): () => void {
  const lock = `${path}.lock`;
  const mine = `${lock}.${randomUUID()}`;
  const name = nameOf(process.pid);
  writeFileSync(mine, name);
  try {
    for (let tries = 0; ; tries += 1) {
      if (linked(mine, lock)) return () => giveBack(lock, name);
      const holder = read(lock);
      if (holder === undefined) continue;
      if (isAlive(holder) || tries > 10) {
        throw new Error(`${path} is the journal of another process (${holder}): give each its own`);
      }
      moveAway(lock, holder);
    }
  } finally {
    unlinkSync(mine);
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Only that which was looked at: another process may have taken its place meanwhile. */
function moveAway(lock: string, holder: string): void {
  const aside = `${lock}.${randomUUID()}`;
  try {
    renameSync(lock, aside);
  } catch {
    return;
  }
  if (read(aside) !== holder) linked(aside, lock);
  unlinkSync(aside);
}

function giveBack(lock: string, name: string): void {
  if (read(lock) === name) unlinkSync(lock);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The holders of this process itself: in a container a new process may have the id of the one before. */
const BEGAN_HERE = randomUUID();

function nameOf(pid: number): string {
  return `${pid} ${beginOf(pid) ?? BEGAN_HERE}`;
}

function isAlive(holder: string): boolean {
  const [id = '', began] = holder.split(' ');
  const pid = Number(id);
  if (pid === process.pid) return holder === nameOf(pid);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = beginOf(pid);
  return now === undefined || now === began;
}

/** Field 22 of its status, where the system has such: in ticks since it was started. */
function beginOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
