import { fixed, table, whole } from '../report/table.js';
import { commitBytes, commitGrowth } from './commits.js';
import type { Growth, GrowthLine } from './growth-line.js';
import { memoryGrowth } from './memory.js';
import { readingGrowth } from './reading.js';

type Part = (mongoUri: string | undefined) => Promise<Growth>;

/** How cost grows, part by part. */
export const GROWTH_PARTS: Readonly<Record<string, Part>> = {
  'growth-commits-embedded-ais': (uri) => commitGrowth('lmdb', 'ais', uri),
  'growth-commits-embedded-leases': (uri) => commitGrowth('lmdb', 'leases', uri),
  'growth-commits-embedded-bytes': () => commitBytes(),
  'growth-commits-mongo-ais': (uri) => commitGrowth('mongo', 'ais', uri),
  'growth-commits-mongo-leases': (uri) => commitGrowth('mongo', 'leases', uri),
  'growth-memory-embedded': (uri) => memoryGrowth('lmdb', uri),
  'growth-memory-mongo': (uri) => memoryGrowth('mongo', uri),
  'growth-reading': () => readingGrowth(),
};

export async function runGrowth(
  names: readonly string[],
  mongoUri: string | undefined,
  onProgress: (text: string) => void,
): Promise<Growth> {
  const lines: GrowthLine[] = [];
  const figures: (readonly [string, number])[] = [];
  for (const name of names) {
    if (name.includes('mongo') && mongoUri === undefined) continue;
    onProgress(name);
    const found = await GROWTH_PARTS[name]?.(mongoUri);
    lines.push(...(found?.lines ?? []));
    figures.push(...(found?.figures ?? []));
  }
  return { lines, figures };
}

export function growthTable(lines: readonly GrowthLine[]): string {
  const value = ({ unit, value: number }: GrowthLine) => (unit === 'ms' ? fixed(number, 2) : whole(number));
  return table(
    ['how cost grows', 'at', 'value', 'unit', 'ratio'],
    lines.map((line) => [line.what, line.at, value(line), line.unit, fixed(line.ratio, 2)]),
    2,
  );
}
