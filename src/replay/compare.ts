import type { KnownDay } from '../domain/ledger/past-days.js';
import type { PolicyFields } from '../domain/model/policy.js';
import { dayName } from '../domain/time/windows.js';
import {
  CANNOT_KNOW,
  NO_DAYS_BEFORE,
  type SelfCheck,
  type Shift,
  selfCheckText,
  shiftsOf,
} from './comparison.js';
import { type PolicyChange, Replay } from './replay.js';
import { type Outcome, outcomeOf } from './report.js';
import { millisOf, type Trace, type TraceEntry } from './trace.js';

export interface CompareOptions {
  readonly budgetId: string;
  /** The policy in force; where the trace says one, that is. */
  readonly fields: PolicyFields;
  /** What makes the candidate of it; absent: the policy in force alone. */
  readonly change?: PolicyChange | undefined;
  readonly returns?: number;
  /** Tokens that the trace's usage came to where it was recorded, day by day. */
  readonly recordedTokens?: number;
  /** What was used before the trace, as far as the budget went by it; absent: that is not known. */
  readonly before?: readonly KnownDay[];
  /** Often; what it gives is waited for. */
  readonly between?: () => Promise<void> | undefined;
}

/** The policy in force beside the candidate, on the same trace. */
export interface Comparison {
  readonly current: Outcome;
  readonly candidate?: Outcome;
  readonly gains: readonly Shift[];
  readonly losses: readonly Shift[];
  readonly selfCheck: SelfCheck & { readonly text: string };
  readonly cannotKnow: readonly string[];
}

/** Undefined: the trace has no request. */
export async function compare(trace: Trace, options: CompareOptions): Promise<Comparison | undefined> {
  const check = { recorded: 0, otherwise: 0 };
  let pair: Pair | undefined;
  for await (const entry of trace) {
    pair ??= await Pair.begin(entry, options, check);
    await pair.take(entry);
    await options.between?.();
  }
  if (pair === undefined) return undefined;
  const { current, candidate } = await pair.end(options.between);
  const recordedTokens = options.recordedTokens;
  const selfCheck = {
    ...check,
    ...(recordedTokens !== undefined && { recordedTokens, replayedTokens: current.granted.tokens }),
  };
  const shifts = candidate === undefined ? { gains: [], losses: [] } : shiftsOf(current, candidate);
  return {
    ...{ current, ...(candidate && { candidate }), ...shifts },
    selfCheck: { ...selfCheck, text: selfCheckText(selfCheck) },
    cannotKnow: options.before === undefined ? [...CANNOT_KNOW, NO_DAYS_BEFORE] : CANNOT_KNOW,
  };
}

/** Both replays, which take the same entries. */
class Pair {
  private constructor(
    private readonly current: Replay,
    private readonly candidate: Replay | undefined,
    private readonly firstAt: number,
  ) {}

  static async begin(
    first: TraceEntry,
    { budgetId, fields, change, returns = 0, before = [] }: CompareOptions,
    check: { recorded: number; otherwise: number },
  ): Promise<Pair> {
    const options = { budgetId, fields, returns, before };
    const settled: NonNullable<Parameters<typeof Replay.begin>[0]['settled']> = ({ recorded }, outcome) => {
      if (recorded === undefined) return;
      check.recorded += 1;
      if (recorded !== outcome) check.otherwise += 1;
    };
    const current = await Replay.begin({ ...options, settled }, first.at);
    const candidate = change && (await Replay.begin({ ...options, change }, first.at));
    return new Pair(current, candidate, first.at);
  }

  async take(entry: TraceEntry): Promise<void> {
    await this.current.take(entry);
    await this.candidate?.take(entry);
  }

  async end(between: CompareOptions['between']): Promise<{ current: Outcome; candidate?: Outcome }> {
    const current = await this.outcome(this.current, between);
    const candidate = this.candidate && (await this.outcome(this.candidate, between));
    return { current, ...(candidate && { candidate }) };
  }

  private async outcome(replay: Replay, between: CompareOptions['between']): Promise<Outcome> {
    const days = await replay.end();
    await between?.();
    const outcome = outcomeOf(replay, days, dayName(replay.zone, millisOf(this.firstAt)));
    await between?.();
    return outcome;
  }
}
