import { readFileSync } from 'node:fs';
import { Inside, type StorePlace } from './inside.js';

/** `bytes-process.ts PLACE`: prints how many bytes a commit of 64 callers of one budget hands to the disk, all that it causes included. */
const CALLERS = 64;
const WARM_UP_MS = 2_000;
const MEASURE_MS = 5_000;

async function main(place: StorePlace): Promise<void> {
  const inside = await Inside.open(place);
  await inside.create('hot');
  const run = (ms: number) => {
    const until = performance.now() + ms;
    return Promise.all(Array.from({ length: CALLERS }, (_, caller) => cycles(inside, `ai-${caller}`, until)));
  };
  await run(WARM_UP_MS);
  inside.commits.length = 0;
  const before = bytesWritten();
  await run(MEASURE_MS);
  console.log((bytesWritten() - before) / inside.commits.length);
  await inside.close();
}

async function cycles(inside: Inside, aiId: string, until: number): Promise<void> {
  while (performance.now() < until) await inside.cycle('hot', aiId);
}

/** By calls of the system, from /proc: what the kernel counts as written has whole pages of its memory for each byte of them. */
function bytesWritten(): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}

await main(JSON.parse(process.argv[2] ?? '') as StorePlace);
process.exit();
