/** FNV-1a of 32 bits, a unit at a time: quick for short texts and keys, and no protection against who wants two alike. */
export const FNV_START = 0x811c9dc5;

export function fnv(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}
