import { Argument, Command, CommanderError, Option } from 'commander';
import { nearest } from '../config/near-miss.js';
import { SETTING_KEYS, SETTINGS } from '../config/settings.js';
import { version } from '../platform/version.js';
import type { AckOptions, ListAlertsOptions, SilenceOptions } from './alerts.js';
import { addConnectionOptions, HAVE_DEFAULTS, JSON_OPTION, list, number, REASON } from './command-parts.js';
import { commandsUnder, isLeaf, namesOf } from './command-tree.js';
import type { ConnectionOptions } from './connect.js';
import type { DenialsOptions } from './denials.js';
import { addExamples } from './examples.js';
import type { ExportCommand } from './export.js';
import { addActCommands, addListCommands } from './operator-commands.js';
import type { Run } from './output.js';
import type { PricesOptions } from './prices.js';
import type { ReplayCommand } from './replay-source.js';
import { SHELLS } from './shells.js';
import type { BackupOptions, MigrateOptions, RestoreOptions, TidyOptions } from './store-tasks.js';
import type { TokenOptions } from './token.js';
import type { AddOptions, EndOptions, ListOptions } from './top-up.js';
import type { UsageCommand, UsageFiles } from './usage.js';

/** Asks for nothing but to serve: what commander calls when no command is named. */
export type Serve = () => void;

/** Runs the command that `args` name. What is wrong with them was told when this finishes with exit code 2. */
export async function runProgram(args: readonly string[], run: Run, serve: Serve): Promise<void> {
  try {
    await programFor(run, serve).parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    run.finish(error.exitCode === 0 ? 0 : 2);
  }
}

/** Every command. What one does is loaded when it is run. */
export function programFor(run: Run, serve: Serve): Command {
  const program = new Command('budget-arbiter')
    .description(
      'Shares one monthly allowance of LLM tokens between many AIs, over gRPC. Without a command it serves.',
    )
    .version(version(), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .exitOverride()
    .configureOutput({
      writeOut: run.output.out,
      writeErr: run.output.err,
      outputError: (text, write) => write(oneLine(text)),
    });
  program.commandsGroup('Serve:');
  serving(program.command('serve').description('Serve; the same as without a command.'), run, serve);
  program.commandsGroup('See how it stands:');
  addListCommands(program, run);
  addLookCommands(program, run);
  addUsageCommand(program, run);
  program.commandsGroup('Act:');
  addActCommands(program, run);
  addTopUpCommands(program, run);
  addAlertCommands(program, run);
  program.commandsGroup('Try, keep and move:');
  addReplayCommands(program, run);
  addPriceCommands(program, run);
  addStoreCommands(program, run);
  addAccessCommands(program, run);
  addCompletion(program, run);
  addExamples(program);
  for (const node of commandsUnder(program)) if (!isLeaf(node)) addGroupAction(node.command);
  // Last: commands inherit that words too many are told by the action.
  serving(program, run, serve);
  return program.addHelpText('after', settingsText);
}

function serving(command: Command, run: Run, serve: Serve): void {
  command
    .option('--check-config', 'check the configuration, print what is in force, and exit')
    .allowExcessArguments()
    .action(async (options: { checkConfig?: true }) => {
      const [first] = command.args;
      if (first !== undefined) command.error(noCommand(first, namesOf(command.parent ?? command)));
      // Of `serve --check-config` the program takes the option, since it has one of this name.
      if (options.checkConfig ?? command.parent?.opts()['checkConfig']) {
        const { checkConfig } = await import('./check-config.js');
        checkConfig(run);
      } else serve();
    });
}

function noCommand(word: string, names: readonly string[]): string {
  const near = nearest(word, names);
  return `${JSON.stringify(word)} is no command${near === undefined ? '' : `; did you mean ${near}?`}`;
}

/** A command that only holds others: which one is meant, it cannot guess. */
function addGroupAction(group: Command): void {
  if (HAVE_DEFAULTS.has(group.name())) return;
  group.allowExcessArguments().action(() => {
    const [first] = group.args;
    const names = group.commands.map((command) => command.name());
    const told =
      first === undefined ? `${group.name()} is one of ${names.join(', ')}` : noCommand(first, names);
    group.error(told);
  });
}

function addCompletion(program: Command, run: Run): void {
  program
    .command('completion')
    .description('Print what makes a shell complete commands and options.')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action(async (shell: string) => {
      const { printCompletion } = await import('./completion.js');
      printCompletion(run, program, shell);
    });
}

/** Every variable with its default. */
function settingsText(): string {
  const lines = SETTING_KEYS.flatMap((key) => {
    const { variable, help, fallback }: { variable: string; help: readonly string[]; fallback?: string } =
      SETTINGS[key];
    const [first = '', ...rest] = [...help, `Default: ${fallback ?? 'none'}.`];
    return [`  ${variable.padEnd(23)} ${first}`, ...rest.map((line) => ' '.repeat(26) + line)];
  });
  return [
    '',
    'Each command explains itself with --help. The service is configured by environment variables; an empty one counts as not set:',
    '',
    ...lines,
    '',
    'Exit codes: 0 stopped in order, 1 could not start or go on, 2 wrong arguments or configuration.',
  ].join('\n');
}

function oneLine(text: string): string {
  const line = text
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim();
  return `${line}; --help says what there is\n`;
}

interface LookOptions extends ConnectionOptions {
  readonly json?: true;
  readonly once?: true;
}

/** Commands that ask a running service how things stand. */
function addLookCommands(program: Command, run: Run): void {
  const status = program
    .command('status')
    .description('Print how each budget stands, as the running service sees it.')
    .argument('[budget...]', 'these budgets only')
    .option('--json', 'print JSON, one object for each budget');
  addConnectionOptions(status).action(async (budgetIds: string[], options: LookOptions) => {
    const { printStatus } = await import('./status.js');
    await printStatus(run, budgetIds, options);
  });

  const watch = program
    .command('watch')
    .description('Show a budget live: windows, slots, refusals, events.')
    .argument('[budget]', 'default: DEFAULT_BUDGET')
    .option('--once', 'print one picture, and end');
  addConnectionOptions(watch).action(async (budgetId: string | undefined, options: LookOptions) => {
    const { watchBudget } = await import('./watch.js');
    await watchBudget(run, budgetId, options);
  });

  const denials = program
    .command('denials')
    .description('Show who was refused, by which rules, and what these said last.')
    .argument('[budget]', 'default: DEFAULT_BUDGET')
    .option('--ai <id>', 'of this AI alone')
    .option('--rule <name>', 'by this rule alone, such as HOURLY_CAP')
    .option('--since <time>', 'so far back: 90m, 1h, 7d at the most', '24h')
    .option('--json', 'print JSON');
  addConnectionOptions(denials).action(async (budgetId: string | undefined, options: DenialsOptions) => {
    const { printDenials } = await import('./denials.js');
    await printDenials(run, budgetId, options);
  });

  program
    .command('health')
    .description('Exit with 0 if the service on this machine is ready, else with 1. For probes.')
    .option('--live', 'ask whether the process is alive, not whether it can decide')
    .option('--http-address <host:port>', 'where it serves HTTP (default: HTTP_ADDRESS)')
    .action(async (options: { live?: true; httpAddress?: string }) => {
      const { checkHealth } = await import('./health.js');
      await checkHealth(run, options);
    });
}

const RANGE_HELP = 'which days: today, 7d, month, last-month, or 2026-09-01..2026-11-28';

/** Who used what. */
function addUsageCommand(program: Command, run: Run): void {
  const usage = program
    .command('usage')
    .description('Print who used what, most first: by AI, model, team or day, or several of them.')
    .argument('[budget]', 'default: DEFAULT_BUDGET')
    .option('--range <days>', RANGE_HELP, 'month')
    .option('--by <keys>', 'ai, model, team or day, or several with commas between', 'ai,model')
    .option('--ai <id>', 'what this AI used')
    .option('--model <name>', 'what was used of this model')
    .option('--team <id>', 'what the AIs of this team used')
    .option('--top <n>', 'so many rows', number(1, 1_000), 20)
    .option('--json', 'print JSON');
  addConnectionOptions(usage).action(async (budget: string | undefined, options: UsageCommand) => {
    const { printUsage } = await import('./usage.js');
    await printUsage(run, budget, options);
  });
}

/** Tokens beyond the policy. */
function addTopUpCommands(program: Command, run: Run): void {
  const topUp = program.command('topup').alias('top-up').description('Top-ups: tokens beyond the policy.');
  const add = topUp
    .command('add')
    .description('Give tokens over the caps until a day, or make a month larger.')
    .argument('[budget]', 'default: DEFAULT_BUDGET')
    .requiredOption('--id <id>', 'its name: whoever repeats the command adds it once')
    .requiredOption('--tokens <n>', 'so many; of a budget in money millionths', number(1, 1e12))
    .requiredOption('--reason <text>', 'why, for the log and the list')
    .option('--until <day>', 'a day such as 2026-11-20 or Friday, to its end, or a moment; at most 92 days')
    .option('--month [month]', 'make this month larger instead, or the one that is named')
    .addOption(new Option('--ai <id>', 'for this AI alone').conflicts('team'))
    .option('--team <id>', 'for the AIs of this team alone')
    .option(...JSON_OPTION);
  addConnectionOptions(add).action(async (budget: string | undefined, options: AddOptions) => {
    const { addTopUp } = await import('./top-up.js');
    await addTopUp(run, budget, options);
  });

  const end = topUp
    .command('end')
    .description('End a top-up now. What was reserved from it stays out of the windows.')
    .argument('<id>', 'its name')
    .argument('[budget]', 'default: DEFAULT_BUDGET')
    .option(...REASON)
    .option(...JSON_OPTION);
  addConnectionOptions(end).action(async (id: string, budget: string | undefined, options: EndOptions) => {
    const { endTopUp } = await import('./top-up.js');
    await endTopUp(run, id, budget, options);
  });

  const list = topUp
    .command('list')
    .description('List the top-ups of a budget.')
    .argument('[budget]', 'default: DEFAULT_BUDGET')
    .option(...JSON_OPTION);
  addConnectionOptions(list).action(async (budget: string | undefined, options: ListOptions) => {
    const { listTopUps } = await import('./top-up.js');
    await listTopUps(run, budget, options);
  });
}

/** What another policy would have done, and what to try it on. */
function addReplayCommands(program: Command, run: Run): void {
  const replay = program
    .command('replay')
    .description('Replay what was asked under another policy, beside the one in force: docs/replay.md.')
    .argument('[budget]', 'default: DEFAULT_BUDGET, or the one of the trace')
    .option('--trace <file>', 'requests, in CSV or JSON lines: at, ai, model, tokens, estimate, seconds')
    .option('--months <n>', 'so many months of its usage, the current one included', number(1, 24))
    .option('--usage <file>', 'usage that the command export wrote')
    .option('--policy <file>', 'the fields to change, in YAML or JSON as in CONFIG_FILE')
    .option('--against <file>', 'the policy in force (default: that of the trace, or of the running service)')
    .option('--scale <factor>', 'so many times the tokens of each request', number(0.001, 1_000), 1)
    .option('--days <n>', 'spread the trace over so many days, from the first of its month', number(1, 400))
    .option('--returns <share>', 'so much of what is refused comes again an hour later', number(0, 1), 0)
    .option('--fail-if <condition>', 'exit with 1 if it holds, such as used<97; may be repeated', list)
    .option('--json', 'print JSON')
    .option('--svg <file>', 'draw the days into this file');
  addConnectionOptions(replay).action(async (budgetId: string | undefined, options: ReplayCommand) => {
    const { runReplay } = await import('./replay.js');
    await runReplay(run, budgetId, options);
  });

  const exporting = program
    .command('export')
    .description(
      'Write usage by day, AI, model and team; or what a budget granted, for the command replay: its calls of 7 days, its usage.',
    )
    .argument('[budget]', 'default: DEFAULT_BUDGET')
    .option('--csv [file]', 'write usage as a table (default: a file named by budget and range)')
    .option('--jsonl [file]', 'write usage as lines of JSON (default: likewise)')
    .option('--range <days>', RANGE_HELP, 'month')
    .option('--trace <file>', 'write the granted calls, a line of JSON each')
    .option('--usage <file>', 'write its days with usage, a line of JSON each')
    .option('--months <n>', 'of so many months, the current one included', number(1, 24), 2);
  type ExportOptions = ExportCommand & UsageFiles;
  addConnectionOptions(exporting).action(async (budgetId: string | undefined, options: ExportOptions) => {
    const { csv, jsonl, trace, usage } = options;
    if (csv !== undefined || jsonl !== undefined) {
      const { exportUsageFiles } = await import('./usage.js');
      await exportUsageFiles(run, budgetId, options);
      if (trace === undefined && usage === undefined) return;
    }
    const { runExport } = await import('./export.js');
    await runExport(run, budgetId, options);
  });
}

const PLACE = '"embedded" (DATA_DIR), "mongodb" (MONGODB_URI), a folder, or a URI of MongoDB';

/** Commands that make a part of a configuration. */
function addPriceCommands(program: Command, run: Run): void {
  program
    .command('prices')
    .description(
      'Make token_weights_by_model, for a budget in money, from the price table that LiteLLM publishes.',
    )
    .argument('<file>', 'its model_prices_and_context_window.json')
    .requiredOption('--models <pattern>', 'which models: a name, or a pattern with *; may be repeated', list)
    .option('--currency <code>', 'the currency of its prices', 'USD')
    .action(async (file: string, options: PricesOptions) => {
      const { printPrices } = await import('./prices.js');
      printPrices(run, file, options);
    });
}

/** Commands that work on what is stored. */
function addStoreCommands(program: Command, run: Run): void {
  program
    .command('migrate')
    .description('Move everything from one store to another, verified; run again, it goes on.')
    .requiredOption('--from <place>', `the store to leave: ${PLACE}`)
    .option('--to <place>', 'the store to move to, which must be empty')
    .option('--database <name>', 'the database in MongoDB (default: MONGODB_DATABASE)')
    .option('--cancel', 'call an unfinished migration off: a service may start on --from again')
    .action(async (options: MigrateOptions) => {
      const { runMigrate } = await import('./store-tasks.js');
      await runMigrate(run, options);
    });

  program
    .command('backup')
    .description('Copy everything into a new folder, while the service goes on.')
    .requiredOption('--to <folder>', 'the folder to make')
    .option('--from <place>', `the store (default: the one that is configured): ${PLACE}`)
    .option('--database <name>', 'the database in MongoDB (default: MONGODB_DATABASE)')
    .action(async (options: BackupOptions) => {
      const { runBackup } = await import('./store-tasks.js');
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
      const { runRestore } = await import('./store-tasks.js');
      await runRestore(run, options);
    });

  program
    .command('tidy')
    .description('Say what was removed as too old, and what stays since the clock may be wrong.')
    .option('--clock-is-right', 'remove what is beyond the retention by the clock as it is now')
    .option('--in <place>', `the store (default: the one that is configured): ${PLACE}`)
    .option('--database <name>', 'the database in MongoDB (default: MONGODB_DATABASE)')
    .action(async (options: TidyOptions) => {
      const { runTidy } = await import('./store-tasks.js');
      await runTidy(run, options);
    });
}

/** Commands about who may call, and who is told. */
function addAccessCommands(program: Command, run: Run): void {
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
      const { newTokenText } = await import('./token.js');
      run.output.out(`${newTokenText(options)}\n`);
    });
}

/** What is wrong, and what is done about it. */
function addAlertCommands(program: Command, run: Run): void {
  const alerts = program.command('alerts').description('Alerts: what holds and what was told of it.');
  const listed = alerts
    .command('list')
    .description('List the alerts that hold, or whose end is not told yet, and what is silenced.')
    .argument('[budget]', 'default: DEFAULT_BUDGET')
    .option('--all', 'also those that have ended')
    .option('--json', 'print JSON');
  addConnectionOptions(listed).action(async (budget: string | undefined, options: ListAlertsOptions) => {
    const { printAlerts } = await import('./alerts.js');
    await printAlerts(run, budget, options);
  });

  const ack = alerts
    .command('ack')
    .description('Say that somebody minds an alert, until it is raised again.')
    .argument('<alert>', 'its id as `alerts list` shows it, or its rule: the newest of it')
    .argument('[budget]', 'default: DEFAULT_BUDGET')
    .option('--reason <text>', 'why, or what is done about it', '')
    .option('--json', 'print JSON');
  addConnectionOptions(ack).action(async (alert: string, budget: string | undefined, options: AckOptions) => {
    const { acknowledgeAlert } = await import('./alerts.js');
    await acknowledgeAlert(run, alert, budget, options);
  });

  const silence = alerts
    .command('silence')
    .description('Tell sinks nothing until a day, or no longer be silent. Figures and gauges go on.')
    .argument('[budget]', 'default: DEFAULT_BUDGET')
    .option('--until <day>', 'a day such as 2026-11-20 or Friday, to its end, or a moment; at most 92 days')
    .option('--end', 'be silent no longer; what still holds is told')
    .option('--rule <rule>', 'of this rule alone; may be repeated (default: every rule)', list)
    .option('--reason <text>', 'why', '')
    .option('--json', 'print JSON');
  addConnectionOptions(silence).action(async (budget: string | undefined, options: SilenceOptions) => {
    const { silenceAlerts } = await import('./alerts.js');
    await silenceAlerts(run, budget, options);
  });

  alerts
    .command('test')
    .description('Send a sample alert to every sink of CONFIG_FILE, and say what became of it.')
    .action(async () => {
      const { testAlerts } = await import('./alerts-test.js');
      await testAlerts(run);
    });
}
