import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Adds up the JSON reports of several test runs: `node scripts/sum-reports.mjs FOLDER`. Plain JavaScript: it must run
 * even when the dependencies could not be installed. */
const [folder = '.'] = process.argv.slice(2);
const sum = { passed: 0, failed: 0, skipped: 0 };
let broken = false;

for (const name of readdirSync(folder).sort()) {
  const text = readFileSync(join(folder, name), 'utf8');
  if (text === '') {
    console.log(`${name}: the run ended without a report`);
    broken = true;
    continue;
  }
  const report = JSON.parse(text);
  // A file that could not even be loaded fails without a single test in it.
  const unloadable = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  sum.passed += report.numPassedTests;
  sum.failed += report.numFailedTests + unloadable.length;
  sum.skipped += report.numPendingTests + report.numTodoTests;
  broken ||= !report.success;
}

console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
if (broken || sum.failed > 0) process.exitCode = 1;
