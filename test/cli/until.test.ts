import { expect, it } from 'vitest';
import { readUntil } from '../../src/cli/until.js';

/** A Tuesday; in Kiritimati it is Wednesday already. */
const NOW = Date.parse('2026-11-10T12:00:00Z');

it.each<readonly [text: string, zone: string, expected: string | undefined]>([
  ['2026-11-20', 'UTC', '2026-11-21T00:00:00Z'],
  ['2026-10-25', 'Europe/Berlin', '2026-10-25T23:00:00Z'],
  ['Friday', 'UTC', '2026-11-14T00:00:00Z'],
  ['fri', 'Europe/Berlin', '2026-11-13T23:00:00Z'],
  ['TUESDAY', 'UTC', '2026-11-11T00:00:00Z'],
  ['Tuesday', 'Pacific/Kiritimati', '2026-11-17T10:00:00Z'],
  ['Mon', 'UTC', '2026-11-17T00:00:00Z'],
  ['2026-11-20T17:00:00Z', 'UTC', '2026-11-20T17:00:00Z'],
  ['2026-11-20T17:00:00+01:00', 'UTC', '2026-11-20T16:00:00Z'],
  ...['', 'f', 'sometime', '2026-02-30', '2026-11-20T25:00:00Z', '2026-11-20T17:00:00', '7 days'].map(
    (text) => [text, 'UTC', undefined] as const,
  ),
])('until %j in %s: %s', (text, zone, expected) => {
  const at = readUntil(text, zone, NOW);
  expect(at === undefined ? undefined : new Date(at).toISOString()).toBe(
    expected && new Date(expected).toISOString(),
  );
});
