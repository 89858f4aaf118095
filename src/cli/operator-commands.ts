import type { Command } from 'commander';
import type { ChangesOptions, UndoOptions } from './changes.js';
import { addConnectionOptions, BUDGET, JSON_OPTION, number, REASON } from './command-parts.js';
import type { ConnectionOptions } from './connect.js';
import type { LeasesOptions, RevokeOptions } from './leases.js';
import type { Run } from './output.js';
import type { PauseOptions } from './pauses.js';
import type { GetOptions, SetOptions } from './policy.js';

/** Commands of operators that look at a running service, and act on it. Each asks the API, and what it cannot do they cannot. */

export function addListCommands(program: Command, run: Run): void {
  const budgets = program
    .command('budgets')
    .description('List every budget in a line, the worst first.')
    .option(...JSON_OPTION);
  addConnectionOptions(budgets).action(async (options: ConnectionOptions & { readonly json?: true }) => {
    const { printBudgets } = await import('./budgets.js');
    await printBudgets(run, options);
  });

  const leases = program
    .command('leases')
    .description('List who holds slots: first those that reported nothing yet, the oldest first.')
    .argument(...BUDGET)
    .option('--closed', 'also those that were closed in the last 7 days')
    .option(...JSON_OPTION);
  addConnectionOptions(leases).action(async (budget: string | undefined, options: LeasesOptions) => {
    const { printLeases } = await import('./leases.js');
    await printLeases(run, budget, options);
  });
}

export function addActCommands(program: Command, run: Run): void {
  addPauseCommands(program, run);
  const revoke = program
    .command('revoke')
    .description('End leases now: their slots are free, and what they reserved is presumed spent.')
    .argument('[lease...]', 'as the command leases shows them')
    .option('--all-of <budget>', 'every live lease of this budget')
    .option(...REASON)
    .option(...JSON_OPTION);
  addConnectionOptions(revoke).action(async (leases: string[], options: RevokeOptions) => {
    const { revokeLeases } = await import('./leases.js');
    await revokeLeases(run, leases, options);
  });
  addPolicyCommands(program, run);
  addChangeCommands(program, run);
}

function addPauseCommands(program: Command, run: Run): void {
  const pause = program
    .command('pause')
    .description('Stop new grants. Running leases go on.')
    .argument('[budget...]', 'these budgets')
    .option('--all', 'every budget')
    .option(...REASON)
    .option(...JSON_OPTION);
  addConnectionOptions(pause).action(async (budgets: string[], options: PauseOptions) => {
    const { pauseBudgets } = await import('./pauses.js');
    await pauseBudgets(run, budgets, options);
  });

  const resume = program
    .command('resume')
    .description('Undo a pause.')
    .argument('[budget...]', 'these budgets')
    .option('--all', 'every budget')
    .option(...REASON)
    .option(...JSON_OPTION);
  addConnectionOptions(resume).action(async (budgets: string[], options: PauseOptions) => {
    const { resumeBudgets } = await import('./pauses.js');
    await resumeBudgets(run, budgets, options);
  });
}

function addPolicyCommands(program: Command, run: Run): void {
  const policy = program.command('policy').description('Read a policy, change it, and try a change first.');
  const get = policy
    .command('get')
    .description('Print the policy of a budget as CONFIG_FILE has it: edit it, and set it with --file.')
    .argument(...BUDGET)
    .option('--effective', 'with every default filled in')
    .option(...JSON_OPTION);
  addConnectionOptions(get).action(async (budget: string | undefined, options: GetOptions) => {
    const { printPolicy } = await import('./policy.js');
    await printPolicy(run, budget, options);
  });

  const changing = (command: Command): Command =>
    addConnectionOptions(
      command
        .argument('[budget-and-fields...]', 'default: DEFAULT_BUDGET; name=value, or name= for the default')
        .option('--file <file>', 'the fields to change, in YAML or JSON as in CONFIG_FILE')
        .option('--replace', 'what is not named goes back to its default')
        .option('--etag <etag>', 'only if the policy is still this one (default: the one that is read now)')
        .option(...REASON)
        .option(...JSON_OPTION),
    );
  changing(policy.command('set').description('Change fields of a policy.')).action(
    async (words: string[], options: SetOptions) => {
      const { setPolicy } = await import('./policy.js');
      await setPolicy(run, words, options);
    },
  );
  changing(policy.command('preview').description('Say what a change would do, and change nothing.')).action(
    async (words: string[], options: SetOptions) => {
      const { previewPolicy } = await import('./policy.js');
      await previewPolicy(run, words, options);
    },
  );
  const history = policy
    .command('history')
    .description('List the changes of a policy, the newest first.')
    .argument(...BUDGET)
    .option('--last <n>', 'so many', number(1, 200), 20)
    .option(...JSON_OPTION);
  addConnectionOptions(history).action(async (budget: string | undefined, options: ChangesOptions) => {
    const { printChanges } = await import('./changes.js');
    await printChanges(run, budget, { ...options, policyOnly: true });
  });
}

function addChangeCommands(program: Command, run: Run): void {
  const changes = program.command('changes').description('List what operators changed, and undo a change.');
  const listed = changes
    .command('list', { isDefault: true })
    .description('List the changes of a budget, the newest first: when, who, what and why.')
    .argument(...BUDGET)
    .option('--last <n>', 'so many', number(1, 200), 20)
    .option(...JSON_OPTION);
  addConnectionOptions(listed).action(async (budget: string | undefined, options: ChangesOptions) => {
    const { printChanges } = await import('./changes.js');
    await printChanges(run, budget, options);
  });
  const undo = changes
    .command('undo')
    .description('Put back what a change replaced. What others changed since stays.')
    .argument('<number>', 'as the command changes shows it')
    .argument(...BUDGET)
    .option(...REASON)
    .option(...JSON_OPTION);
  addConnectionOptions(undo).action(
    async (changeNumber: string, budget: string | undefined, options: UndoOptions) => {
      const { undoChange } = await import('./changes.js');
      await undoChange(run, changeNumber, budget, options);
    },
  );
}
