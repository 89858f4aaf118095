import { type Command, Option } from 'commander';
import type { Run } from '../output.js';
import type { TokenOptions } from '../token.js';

const list = (value: string, before: string[] = []): string[] => [...before, value];

/** Commands about who may call, and who is told. */
export function addAccessCommands(program: Command, run: Run): void {
  program
    .command('token')
    .description('Make a bearer token, and print it with its entry for CONFIG_FILE.')
    .option('--name <name>', 'whose it is', 'guardian-service')
    .addOption(
      new Option('--role <role>', 'what it may do').choices(['ai', 'viewer', 'operator']).default('ai'),
    )
    .option('--budgets <pattern>', 'on which budgets: an id, or a pattern with *', 'anthropic')
    .option('--ai <id>', 'for role ai: as which AI; may be repeated (default: guardian)', list)
    .action(async (options: TokenOptions) => {
      const { newTokenText } = await import('../token.js');
      run.output.out(`${newTokenText(options)}\n`);
    });

  const alerts = program.command('alerts').description('Alerts: `alerts test` sends a sample to every sink.');
  alerts
    .command('test')
    .description('Send a sample alert to every sink of CONFIG_FILE, and say what became of it.')
    .action(async () => {
      const { testAlerts } = await import('../alerts-test.js');
      await testAlerts(run);
    });
}
