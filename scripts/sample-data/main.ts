import { closingLine, type Done } from '../../src/cli/closing-line.js';
import { PROCESS_OUTPUT } from '../../src/cli/output.js';
import { Progress } from '../../src/cli/progress.js';
import { processEnvironment } from '../../src/config/environment.js';
import { endWith } from '../npm-command.js';
import type { Filled } from './fill.js';
import { HELP, readOptions } from './options.js';

function lineOf({ budgetId, ais, days, granted, denied }: Filled): string {
  const asked = `${granted.toLocaleString('en')} slots granted, ${denied.toLocaleString('en')} refused`;
  return `${budgetId.padEnd(10)} ${ais} AIs, ${days} days, ${asked}\n`;
}

function doneOf(filled: readonly Filled[]): Done[] {
  const requests = filled.reduce((sum, { granted, denied }) => sum + granted + denied, 0);
  return [
    { count: filled.length, of: 'budgets' },
    { count: requests, of: 'requests' },
  ];
}

try {
  const options = readOptions(process.argv.slice(2), Date.now());
  if (options === 'help') process.stdout.write(HELP);
  else {
    const { fill } = await import('./fill.js');
    const progress = Progress.of({ environment: processEnvironment(), output: PROCESS_OUTPUT });
    const filled: Filled[] = [];
    const tell = (one: Filled): void => {
      filled.push(one);
      progress.beside(() => process.stdout.write(lineOf(one)));
    };
    try {
      await fill(options, tell, progress);
    } finally {
      progress.end();
    }
    process.stdout.write(`${closingLine('Filled', doneOf(filled), progress.elapsedMs)}\n`);
    process.stdout.write(`done: look at it with  DATA_DIR=${options.dataDir} npm start\n`);
  }
} catch (error) {
  endWith(error);
}
