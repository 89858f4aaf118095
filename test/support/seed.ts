/** The seed of a run that searches: it is printed, and `SEED` replays it. */
export function newSeed(name: string): number {
  const given = Number(process.env['SEED']);
  const seed = Number.isSafeInteger(given) && given > 0 ? given : Math.floor(Math.random() * 2 ** 31);
  console.info(`${name}: SEED=${seed}`);
  return seed;
}

/** The seed of a test: always the same, so that it passes or fails by the code alone. `SEED=random` searches. */
export function testSeed(name: string): number {
  if (process.env['SEED'] !== undefined) return newSeed(name);
  let seed = 0;
  for (const char of name) seed = (Math.imul(seed, 31) + char.charCodeAt(0)) >>> 1;
  return seed;
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
