import { describe, it } from 'vitest';
import { seedsOfCommit } from './from-commit.js';
import { holdRange, RANGE } from './hold-range.js';

describe('simulated service, by seeds of this commit', () => {
  it('holds every invariant', () => holdRange(seedsOfCommit(RANGE)));
});
