import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Service, startService } from '../support/service.js';
import { jsonValues, missing, README, stepsOf } from './readme.js';

/** The tour as a newcomer walks it: one shell, every command of the README in order. */
describe('the five-minute tour', () => {
  const steps = stepsOf(README, 'A five-minute tour');
  let service: Service;
  let shell = '';

  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.stop();
  });

  it.each(steps.map((step) => [`line ${step.line}: ${step.commands.split('\n')[0]}`, step] as const))(
    '%s',
    async (_name, step) => {
      const commands = step.commands
        .replaceAll('localhost:50051', service.grpcAddress)
        .replaceAll('localhost:8080', service.httpAddress);
      const output = await run(`${shell}${commands}`);
      const [shown] = jsonValues(output);
      // The lease is a shell variable, for the steps that follow.
      if (commands.includes('LEASE=')) shell = `LEASE='${(shown as { lease: string }).lease}'\n`;
      if (step.expected === undefined) return;
      expect(missing(step.expected, jsonValues(output).at(-1))).toEqual([]);
    },
  );
});

function run(script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('bash', ['-euo', 'pipefail', '-c', script], (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${stderr}\n${stdout}\n${error.message}`));
    });
  });
}
