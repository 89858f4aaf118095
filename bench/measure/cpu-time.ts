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

/** Memory in use, in MiB, its program included; and beside it the pages of LMDB's file, which the kernel takes back when others need room. */
export function memoryMiB(pid: number): { readonly used: number; readonly ofDataFile: number } {
  const ofDataFile = mappedMiB(pid, DATA_FILE);
  return { used: statusMiB(pid, /^VmRSS:\s+(\d+) kB/m) - ofDataFile, ofDataFile };
}

const DATA_FILE = /\.mdb$/;

/** Of mapped files whose names match, what is in memory. */
function mappedMiB(pid: number, name: RegExp): number {
  let kilobytes = 0;
  let matches = false;
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    // A mapping begins with its addresses; figures of it follow.
    if (/^[\da-f]+-[\da-f]+ /.test(line)) matches = name.test(line);
    const [, size] = /^Rss:\s+(\d+) kB/.exec(line) ?? [];
    if (matches && size !== undefined) kilobytes += Number(size);
  }
  return kilobytes / 1_024;
}

/** The same without pages of files, which are the data on disk and which the kernel takes back when others need room. */
export function ownMemoryMiB(pid: number): number {
  return statusMiB(pid, /^RssAnon:\s+(\d+) kB/m);
}

function statusMiB(pid: number, field: RegExp): number {
  const [, kilobytes] = field.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1_024;
}
