import { npmCommand, optionsOf, typed } from '../npm-command.js';
import { waysOfCalls } from './one-call.js';
import { structure } from './structure.js';

/** `npm run figures`: the structure of the sources in numbers, and what one call of the API runs through. */
optionsOf(
  npmCommand(
    'figures',
    'The structure of the sources in numbers, and what one call of the API runs through.',
  ),
  typed(),
);

const { files, medianLines, largest, sourceLines, testLines, withOneImporter, circles } = structure();
console.log(`files of src: ${files}, median ${medianLines} lines, largest ${largest}`);
console.log(`lines: ${sourceLines} of src, ${testLines} of test`);
console.log(`files with one importer: ${withOneImporter}`);
console.log(`import circles, of types too: ${circles.length}`);
for (const circle of circles) console.log(`  ${circle.join(', ')}`);
for (const way of await waysOfCalls())
  console.log(`${way.call}: ${way.files} files, ${way.functions} functions`);
