import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepsIn } from './documents.js';
import { OperatorsMachine } from './operators-machine.js';
import { problems } from './problems.js';

const SHARING = readFileSync(new URL('../../docs/sharing.md', import.meta.url), 'utf8');

/** Every command of the recipes, in order, as an operator would type them. */
describe('docs/sharing.md', () => {
  const machine = new OperatorsMachine();

  beforeAll(() => machine.start());
  afterAll(() => machine.stop());

  it.each(stepsIn(SHARING).map((step) => [step.line, step] as const))('line %i', async (_line, step) => {
    const ran = await machine.run(step.commands);
    expect(problems(step, ran), ran.output).toEqual([]);
  });
});
