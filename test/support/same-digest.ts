import { digestOf } from '../../src/domain/ledger/request-memory.js';

/** Two request ids that the state cannot tell apart by what it keeps of them. */
export function sameDigest(): [string, string] {
  const ids = new Map<number, string>();
  for (let at = 0; ; at += 1) {
    const id = `request-${at}`;
    const other = ids.get(digestOf(id));
    if (other !== undefined) return [other, id];
    ids.set(digestOf(id), id);
  }
}
