import type { Command } from 'commander';
import { commandsUnder } from './command-tree.js';

/** For each command something that can be typed as it stands. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  serve: ['budget-arbiter serve --check-config'],
  status: ['budget-arbiter status', 'budget-arbiter status anthropic --json'],
  budgets: ['budget-arbiter budgets'],
  leases: ['budget-arbiter leases anthropic'],
  watch: ['budget-arbiter watch anthropic'],
  health: ['budget-arbiter health --live'],
  pause: [
    "budget-arbiter pause anthropic --reason 'provider incident'",
    "budget-arbiter pause --all --reason 'provider incident'",
  ],
  resume: ['budget-arbiter resume --all'],
  revoke: ["budget-arbiter revoke --all-of anthropic --reason 'provider incident'"],
  'policy get': ['budget-arbiter policy get anthropic > policy.yaml'],
  'policy set': [
    "budget-arbiter policy set anthropic max_hourly_percent=0.33 cooldown=60s --reason 'ticket 17'",
    'budget-arbiter policy set anthropic --file policy.yaml',
  ],
  'policy preview': ['budget-arbiter policy preview anthropic pacing=EVEN'],
  'policy history': ['budget-arbiter policy history anthropic'],
  'changes list': ['budget-arbiter changes anthropic'],
  'changes undo': ['budget-arbiter changes undo 17 anthropic'],
  'topup add': [
    "budget-arbiter topup add anthropic --id release --tokens 50000 --ai guardian --until Friday --reason 'a release'",
  ],
  'topup end': ['budget-arbiter topup end release anthropic'],
  'topup list': ['budget-arbiter topup list anthropic'],
  replay: ['budget-arbiter replay anthropic --months 2 --policy candidate.yaml'],
  usage: [
    'budget-arbiter usage anthropic --range 7d',
    'budget-arbiter usage anthropic --ai guardian --by day,model',
  ],
  export: [
    'budget-arbiter export anthropic --csv --range last-month',
    'budget-arbiter export anthropic --usage usage.jsonl --trace trace.jsonl',
  ],
  prices: ["budget-arbiter prices model_prices_and_context_window.json --models 'claude-*'"],
  migrate: ['budget-arbiter migrate --from embedded --to mongodb'],
  backup: ['budget-arbiter backup --to backup-2026-11-29'],
  restore: ['budget-arbiter restore --from backup-2026-11-29'],
  tidy: ['budget-arbiter tidy'],
  token: ['budget-arbiter token --role operator --name ops'],
  'alerts test': ['budget-arbiter alerts test'],
  'alerts list': ['budget-arbiter alerts list anthropic'],
  'alerts ack': ["budget-arbiter alerts ack POOR_SPREAD anthropic --reason 'a batch ran'"],
  'alerts silence': ["budget-arbiter alerts silence anthropic --until Friday --reason 'load test'"],
  denials: ['budget-arbiter denials anthropic --ai guardian --since 1h'],
  completion: ['source <(budget-arbiter completion bash)'],
};

export function addExamples(program: Command): void {
  for (const { path, command } of commandsUnder(program)) {
    const lines = EXAMPLES[path];
    if (lines === undefined) continue;
    command.addHelpText('after', `\nFor example:\n${lines.map((line) => `  $ ${line}`).join('\n')}`);
  }
}
