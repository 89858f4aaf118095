import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { APART } from './support/describe-scenarios.js';
import { SCENARIOS } from './support/scenarios.js';

it('the scenarios are those of the list', () => {
  const list = readFileSync(new URL('../../clients/scenarios.md', import.meta.url), 'utf8');
  const [, program = ''] = list.split('## The program');
  const named = [...program.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name);
  expect([...Object.keys(SCENARIOS), ...APART].sort()).toEqual([...named].sort());
});
