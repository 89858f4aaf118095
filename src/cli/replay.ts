import { writeFileSync } from 'node:fs';
import type { PolicyFields } from '../domain/model/policy.js';
import type { PolicyPath } from '../domain/model/requests.js';
import { TOKENS } from '../domain/model/unit.js';
import { StartError } from '../platform/start-error.js';
import { type Comparison, compare } from '../replay/compare.js';
import { CONDITION_RULE, type Condition, parseCondition } from '../replay/conditions.js';
import { TraceError } from '../replay/read-trace.js';
import { type PolicyChange, UnworkablePolicy } from '../replay/replay.js';
import { closingLine } from './closing-line.js';
import type { Run } from './output.js';
import { readPolicyFile } from './policy-file.js';
import { Progress } from './progress.js';
import { openSource, type ReplayCommand, type Source } from './replay-source.js';
import { replaySvg } from './replay-svg.js';
import { replayTable } from './replay-table.js';

/** What another policy would have done with what was asked, beside the policy in force. */
export async function runReplay(
  run: Run,
  budgetId: string | undefined,
  options: ReplayCommand,
): Promise<void> {
  const conditions = (options.failIf ?? []).map(conditionOf);
  const change = options.policy === undefined ? undefined : readPolicyFile('--policy', options.policy);
  const progress = Progress.of(run);
  const found = await explained(async () => {
    const source = await openSource(run, budgetId, options, progress);
    try {
      return { source, comparison: await replayed(source, change, options, progress) };
    } finally {
      progress.end();
      source.close();
    }
  });
  if (found.comparison === undefined) throw new StartError('there is nothing to replay: no request in it', 1);
  tell(run, found.source, found.comparison, options);
  const { requests } = found.comparison.current.asked;
  const closing = closingLine('Replayed', [{ count: requests, of: 'requests' }], progress.elapsedMs);
  // The report is the same each time, and may go into a file.
  run.output.err(`${closing}\n`);
  const judged = found.comparison.candidate ?? found.comparison.current;
  const broken = conditions.filter((condition) => condition.holds(judged));
  for (const { text } of broken) run.output.err(`--fail-if: ${text} holds\n`);
  if (broken.length > 0) run.finish(1);
}

function replayed(
  source: Source,
  change: ReturnType<typeof readPolicyFile> | undefined,
  { returns }: ReplayCommand,
  progress: Progress,
): Promise<Comparison | undefined> {
  const { budgetId, fields, recordedTokens, before } = source;
  progress.begin({ what: 'replaying', pieces: 1 });
  return compare(source.trace(), {
    ...{ budgetId, fields, returns, ...(change && { change: changeOf(change) }) },
    ...(recordedTokens !== undefined && { recordedTokens }),
    ...(before && { before }),
    between: () => {
      progress.reach(source.done());
      return undefined;
    },
  });
}

/** The fields that the file sets. */
function changeOf(fields: PolicyFields): PolicyChange {
  return { fields, updateMask: Object.keys(fields) as PolicyPath[] };
}

function tell(run: Run, source: Source, comparison: Comparison, { json, svg }: ReplayCommand): void {
  const { budgetId, notes, fields } = source;
  const { unit = TOKENS } = fields;
  const cannotKnow = [...comparison.cannotKnow, ...notes];
  const whole = { budgetId, unit, ...comparison, cannotKnow };
  if (svg !== undefined) writeFileSync(svg, replaySvg(comparison, unit));
  run.output.out(json ? `${JSON.stringify(whole)}\n` : replayTable(whole));
}

function conditionOf(text: string): Condition {
  const condition = parseCondition(text);
  if (condition === undefined)
    throw new StartError(`--fail-if: ${JSON.stringify(text)} is not ${CONDITION_RULE}`, 2);
  return condition;
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TraceError) throw new StartError(error.message, 2);
    if (error instanceof UnworkablePolicy)
      throw new StartError(`the policy cannot be set: ${error.message}`, 2);
    throw error;
  }
}
