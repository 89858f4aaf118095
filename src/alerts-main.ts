import { runAlertsCommand } from './alerts-command.js';

/** `npm run alerts -- test`. */
const { stdout, stderr, exitCode } = await runAlertsCommand(process.argv.slice(2));
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = exitCode;
