import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second, on every machine that Node runs on. */
const MS_PER_TICK = 10;

/** What processes used of any core so far, in ms; 0 where there is no /proc. */
export function cpuTimeMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + ofProcess(pid), 0);
}

function ofProcess(pid: number): number {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return 0;
  }
  // The name before may have spaces and brackets; utime and stime are the 12th and 13th field after it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** Memory in use, in MiB, pages of files included that the process has mapped. */
export function memoryMiB(pid: number): number {
  return statusMiB(pid, /^VmRSS:\s+(\d+) kB/m);
}

/** The same without pages of files, which are the data on disk and which the kernel takes back when others need room. */
export function ownMemoryMiB(pid: number): number {
  return statusMiB(pid, /^RssAnon:\s+(\d+) kB/m);
}

function statusMiB(pid: number, field: RegExp): number {
  const [, kilobytes] = field.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1_024;
}
