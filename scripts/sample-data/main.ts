import { endWith } from '../npm-command.js';
import { HELP, readOptions } from './options.js';

try {
  const options = readOptions(process.argv.slice(2), Date.now());
  if (options === 'help') process.stdout.write(HELP);
  else {
    const { fill } = await import('./fill.js');
    await fill(options, ({ budgetId, ais, days, granted, denied }) => {
      const asked = `${granted.toLocaleString('en')} slots granted, ${denied.toLocaleString('en')} refused`;
      process.stdout.write(`${budgetId.padEnd(10)} ${ais} AIs, ${days} days, ${asked}\n`);
    });
    process.stdout.write(`done: look at it with  DATA_DIR=${options.dataDir} npm start\n`);
  }
} catch (error) {
  endWith(error);
}
