import { describe, it } from 'vitest';

/** A suite that needs something of the machine: without it, it is skipped by name; where CI is set, it fails. */
export function describeWith<T>(
  name: string,
  needed: T | undefined,
  how: string,
  suite: (needed: T) => void,
): void {
  if (needed !== undefined) {
    describe(name, () => suite(needed));
    return;
  }
  describe.skipIf(!process.env['CI'])(`${name}: ${how}`, () => {
    it('has what it needs', () => {
      throw new Error(`${name} cannot run: ${how}`);
    });
  });
}
