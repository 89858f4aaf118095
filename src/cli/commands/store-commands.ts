import type { Command } from 'commander';
import type { Run } from '../output.js';
import type { BackupOptions, MigrateOptions, RestoreOptions, TidyOptions } from '../store-tasks.js';

const PLACE = '"embedded" (DATA_DIR), "mongodb" (MONGODB_URI), a folder, or a URI of MongoDB';

/** Commands that work on what is stored. */
export function addStoreCommands(program: Command, run: Run): void {
  program
    .command('migrate')
    .description('Move everything from one store to another, verified; run again, it goes on.')
    .requiredOption('--from <place>', `the store to leave: ${PLACE}`)
    .option('--to <place>', 'the store to move to, which must be empty')
    .option('--database <name>', 'the database in MongoDB (default: MONGODB_DATABASE)')
    .option('--cancel', 'call an unfinished migration off: a service may start on --from again')
    .action(async (options: MigrateOptions) => {
      const { runMigrate } = await import('../store-tasks.js');
      await runMigrate(run, options);
    });

  program
    .command('backup')
    .description('Copy everything into a new folder, while the service goes on.')
    .requiredOption('--to <folder>', 'the folder to make')
    .option('--from <place>', `the store (default: the one that is configured): ${PLACE}`)
    .option('--database <name>', 'the database in MongoDB (default: MONGODB_DATABASE)')
    .action(async (options: BackupOptions) => {
      const { runBackup } = await import('../store-tasks.js');
      await runBackup(run, options);
    });

  program
    .command('restore')
    .description('Bring a backup back, above every fence and lease that was granted since.')
    .option('--from <folder>', 'a folder that the command backup made')
    .option(
      '--in-place',
      'the store was put back by other means, as mongorestore: make it ready to be served',
    )
    .option('--to <place>', `the store, which must be empty (default: the one that is configured): ${PLACE}`)
    .option('--database <name>', 'the database in MongoDB (default: MONGODB_DATABASE)')
    .action(async (options: RestoreOptions) => {
      const { runRestore } = await import('../store-tasks.js');
      await runRestore(run, options);
    });

  program
    .command('tidy')
    .description('Say what was removed as too old, and what stays since the clock may be wrong.')
    .option('--clock-is-right', 'remove what is beyond the retention by the clock as it is now')
    .option('--in <place>', `the store (default: the one that is configured): ${PLACE}`)
    .option('--database <name>', 'the database in MongoDB (default: MONGODB_DATABASE)')
    .action(async (options: TidyOptions) => {
      const { runTidy } = await import('../store-tasks.js');
      await runTidy(run, options);
    });
}
