import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions } from '../connection-options.js';
import type { Run } from '../output.js';

interface LookOptions extends ConnectionOptions {
  readonly json?: true;
  readonly once?: true;
}

/** Commands that ask a running service how things stand. */
export function addLookCommands(program: Command, run: Run): void {
  const status = program
    .command('status')
    .description('Print how each budget stands, as the running service sees it.')
    .argument('[budget...]', 'these budgets only')
    .option('--json', 'print JSON, one object for each budget');
  addConnectionOptions(status).action(async (budgetIds: string[], options: LookOptions) => {
    const { printStatus } = await import('../status.js');
    await printStatus(run, budgetIds, options);
  });

  const watch = program
    .command('watch')
    .description('Show a budget live: windows, slots, refusals, events.')
    .argument('[budget]', 'default: DEFAULT_BUDGET')
    .option('--once', 'print one picture, and end');
  addConnectionOptions(watch).action(async (budgetId: string | undefined, options: LookOptions) => {
    const { watchBudget } = await import('../watch.js');
    await watchBudget(run, budgetId, options);
  });

  program
    .command('health')
    .description('Exit with 0 if the service on this machine is ready, else with 1. For probes.')
    .option('--live', 'ask whether the process is alive, not whether it can decide')
    .option('--http-address <host:port>', 'where it serves HTTP (default: HTTP_ADDRESS)')
    .action(async (options: { live?: true; httpAddress?: string }) => {
      const { checkHealth } = await import('../health.js');
      await checkHealth(run, options);
    });
}
