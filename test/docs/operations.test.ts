import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mongoUri, temporaryDatabase } from '../support/mongo.js';
import { stepsIn } from './documents.js';
import { OperatorsMachine } from './operators-machine.js';
import { problems } from './problems.js';

const OPERATIONS = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

/** Every command of the document, in order, as an operator would type them on one machine. */
describe('docs/operations.md', () => {
  const database = mongoUri === undefined ? '' : temporaryDatabase(mongoUri);
  // Where the document restores a backup of it.
  if (mongoUri !== undefined) temporaryDatabase(mongoUri, `${database}_restored`);
  const machine = new OperatorsMachine();

  beforeAll(() =>
    machine.start(
      mongoUri === undefined ? [] : [`#MONGODB_URI='${mongoUri}'`, `#MONGODB_DATABASE=${database}`],
    ),
  );
  afterAll(() => machine.stop());

  const steps = stepsIn(OPERATIONS, ['console', 'yaml', 'nginx']);
  for (const step of steps) {
    const needsMongo = /mongodb|MongoDB/.test(step.commands);
    it.skipIf(needsMongo && mongoUri === undefined)(`line ${step.line}`, async () => {
      const ran = await machine.run(step.commands);
      expect(problems(step, ran), ran.output).toEqual([]);
    });
  }
});
