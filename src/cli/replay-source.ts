import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { settingText } from '../config/config.js';
import type { KnownDay } from '../domain/ledger/past-days.js';
import { type PolicyFields, policyInForce } from '../domain/model/policy.js';
import { allowanceOf } from '../domain/policy/allowance.js';
import { StartError } from '../platform/start-error.js';
import type { WorkProgress } from '../platform/work-progress.js';
import { readTrace } from '../replay/read-trace.js';
import { scaled, spanOf, stretched } from '../replay/shape-trace.js';
import type { Trace } from '../replay/trace.js';
import { parseUsedDays, type UsedDay, usageTrace } from '../replay/usage-trace.js';
import type { ConnectionOptions } from './connect.js';
import type { Run } from './output.js';
import { readPolicyFile } from './policy-file.js';
import { ServedBudget } from './served-budget.js';

/** What the command replay is told. */
export interface ReplayCommand extends ConnectionOptions {
  readonly trace?: string;
  readonly usage?: string;
  readonly months?: number;
  readonly policy?: string;
  readonly against?: string;
  readonly scale: number;
  readonly days?: number;
  readonly returns: number;
  readonly failIf?: readonly string[];
  readonly json?: true;
  readonly svg?: string;
}

/** What is to be replayed, and under which policy it was asked for. */
export interface Source {
  readonly budgetId: string;
  readonly fields: PolicyFields;
  /** What was used where usage documents tell it. */
  readonly recordedTokens?: number;
  /** Days before it, where they are known. */
  readonly before?: readonly KnownDay[];
  /** What it cannot tell, beside what no replay can. */
  readonly notes: readonly string[];
  /** From its beginning. */
  trace(): Trace;
  /** How far it was read, 0 to 1. */
  done(): number;
  close(): void;
}

/** No hour has more requests: a busy budget's would take for ever, and are larger instead. */
const MOST_PER_HOUR = 200;

export async function openSource(
  run: Run,
  budgetId: string | undefined,
  options: ReplayCommand,
  progress: WorkProgress,
): Promise<Source> {
  const { trace, usage, months } = options;
  const named = [trace, usage, months].filter((one) => one !== undefined);
  if (named.length !== 1) throw new StartError('name what to replay: --trace, --usage or --months', 2);
  if (trace !== undefined) return traceSource(run, budgetId, trace, options);
  return usageSource(run, budgetId, options, progress);
}

/** Reads a file of lines, and knows how far it is. */
class LineFile {
  private bytes = 0;
  private readonly size: number;

  constructor(readonly file: string) {
    if (!existsSync(file)) throw new StartError(`there is no file ${file}`, 2);
    this.size = statSync(file).size;
  }

  lines(): AsyncIterable<string> {
    this.bytes = 0;
    const stream = createReadStream(this.file);
    stream.on('data', (chunk) => {
      this.bytes += chunk.length;
    });
    return createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  }

  get done(): number {
    return this.size === 0 ? 1 : this.bytes / this.size;
  }
}

async function traceSource(
  run: Run,
  budgetId: string | undefined,
  file: string,
  options: ReplayCommand,
): Promise<Source> {
  const lines = new LineFile(file);
  const read = () => readTrace(lines.lines(), { file, budgetId });
  const fields = (await policyAtStart(read())) ?? (await policyInForceOf(run, budgetId, options));
  const zone = policyInForce(fields).timeZone;
  const span = options.days === undefined ? undefined : await spanOf(read());
  const shaped = () =>
    span === undefined || options.days === undefined ? read() : stretched(read(), span, options.days, zone);
  return {
    ...{ budgetId: budgetId ?? settingText(run.environment, 'defaultBudget').text ?? '', fields, notes: [] },
    trace: () => scaled(shaped(), options.scale),
    done: () => lines.done,
    close: () => {},
  };
}

/** A recorded trace begins with the policy that was in force. */
async function policyAtStart(trace: Trace): Promise<PolicyFields | undefined> {
  for await (const entry of trace) return entry.kind === 'policy' ? entry.fields : undefined;
  return undefined;
}

async function policyInForceOf(
  run: Run,
  budgetId: string | undefined,
  options: ReplayCommand,
): Promise<PolicyFields> {
  if (options.against !== undefined) return readPolicyFile('--against', options.against);
  const served = await ServedBudget.open(run, budgetId, options);
  try {
    return served.fields;
  } finally {
    served.close();
  }
}

async function usageSource(
  run: Run,
  budgetId: string | undefined,
  options: ReplayCommand,
  progress: WorkProgress,
): Promise<Source> {
  const { usage, months = 1, against, scale } = options;
  const served =
    usage === undefined || against === undefined
      ? await ServedBudget.open(run, budgetId, options)
      : undefined;
  try {
    const days: readonly UsedDay[] =
      usage === undefined
        ? ((await served?.months(months, progress)) ?? [])
        : parseUsedDays(usage, readFileSync(usage, 'utf8'));
    const fields = against === undefined ? (served?.fields ?? {}) : readPolicyFile('--against', against);
    const meanTokens = (await served?.meanTokens(progress)) ?? usualTokens(fields);
    const source = sourceOf(days, {
      budgetId: served?.budgetId ?? budgetId ?? '',
      fields,
      meanTokens,
      scale,
    });
    const before = usage === undefined ? await served?.before(months) : undefined;
    return { ...source, ...(before && { before }) };
  } finally {
    served?.close();
  }
}

function sourceOf(
  days: readonly UsedDay[],
  {
    budgetId,
    fields,
    meanTokens,
    scale,
  }: Pick<Source, 'budgetId' | 'fields'> & { meanTokens: number; scale: number },
): Source {
  let read = 0;
  const counted = function* (): Iterable<UsedDay> {
    for (const day of days) {
      yield day;
      read += 1;
    }
  };
  return {
    ...{ budgetId, fields },
    recordedTokens: days.flatMap(({ hours }) => hours).reduce((sum, { tokens }) => sum + tokens, 0) * scale,
    notes: ['how large single requests were: those of an hour are all of the mean size of their day'],
    trace: () => {
      read = 0;
      return scaled(usageTrace(counted(), { meanTokens, mostPerHour: MOST_PER_HOUR }), scale);
    },
    done: () => read / Math.max(1, days.length),
    close: () => {},
  };
}

/** Where nothing tells how large requests are: what they reserve, or else a hundredth of a day. */
function usualTokens(fields: PolicyFields): number {
  const policy = policyInForce(fields);
  return policy.defaultReservation || Math.max(1, Math.ceil(allowanceOf(policy).dailyMax / 100));
}
