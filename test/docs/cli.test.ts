import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandNames } from '../cli/support.js';
import { stepsIn } from './documents.js';
import { OperatorsMachine } from './operators-machine.js';
import { problems } from './problems.js';

const CLI = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');

/** Every command of the page, in order, as an operator would type them. */
describe('docs/cli.md', () => {
  const machine = new OperatorsMachine();

  beforeAll(() => machine.start());
  afterAll(() => machine.stop());

  it('names every command', () => {
    const missing = commandNames().filter((name) => !new RegExp(`\`?\\b${name}\\b`).test(CLI));
    expect(missing).toEqual([]);
  });

  it.each(stepsIn(CLI).map((step) => [step.line, step] as const))('line %i', async (_line, step) => {
    const ran = await machine.run(step.commands);
    expect(problems(step, ran), ran.output).toEqual([]);
  });
});
