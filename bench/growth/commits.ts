import type { Axis, CommitGrowth } from './commit-process.js';
import type { Growth, GrowthLine } from './growth-line.js';
import { runProgram, STORE_NAMES, type StoreKind, withStore } from './store-places.js';

const WORDS = { ais: 'AIs', leases: 'live leases' } as const;

/** What a commit costs in budgets of many AIs, and in budgets with many live leases. */
export async function commitGrowth(
  kind: StoreKind,
  axis: Axis,
  mongoUri: string | undefined,
): Promise<Growth> {
  const printed = await withStore(kind === 'mongo' ? mongoUri : undefined, (place) =>
    runProgram('commit-process', JSON.stringify(place), axis),
  );
  const sizes = JSON.parse(printed) as CommitGrowth[];
  const lines = sizes.flatMap(({ size, ms, bytes, loadMs, msRatio, bytesRatio }): GrowthLine[] => {
    const at = size === 1 ? '1 live lease' : `${size.toLocaleString('en-US')} ${WORDS[axis]}`;
    return [
      { what: `commit, ${STORE_NAMES[kind]}`, at, unit: 'ms', value: ms, ratio: msRatio },
      { what: `bytes of a commit, ${STORE_NAMES[kind]}`, at, unit: 'bytes', value: bytes, ratio: bytesRatio },
      { what: `load after a lost race, ${STORE_NAMES[kind]}`, at, unit: 'ms', value: loadMs },
    ];
  });
  // On MongoDB the target stops at 1,000 AIs: its server rewrites the document.
  const last = sizes.find(({ size }) => size === (kind === 'mongo' || axis === 'leases' ? 1_000 : 10_000));
  if (last === undefined) return { lines, figures: [] };
  return {
    lines,
    figures: [
      [`${kind}-${axis}`, last.msRatio],
      [`${kind}-${axis}-bytes`, last.bytesRatio],
    ],
  };
}

/** What a commit of the embedded store hands to the disk while 64 callers share each. */
export async function commitBytes(): Promise<Growth> {
  const printed = await withStore(undefined, (place) => runProgram('bytes-process', JSON.stringify(place)));
  const value = Number(printed);
  const what = `bytes to the disk of a commit, ${STORE_NAMES.lmdb}`;
  return { lines: [{ what, at: '64 callers', unit: 'bytes', value }], figures: [['lmdb-bytes', value]] };
}
