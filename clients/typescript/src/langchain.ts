import type { Slot } from './slot/slot.js';
import type { SlotRequest } from './slot/slot-request.js';
import type { SlotSource } from './slot/slot-source.js';
import { modelOf, usageOf } from './usage/usage-of.js';
import { fields } from './usage/vendor-shapes.js';

/** LangChain does not tell a callback that the reader of a stream has gone: it has, if no token comes for so long. */
const STREAM_SILENT_MS = 60_000;

interface Run {
  readonly slot: Slot;
  /** Of Anthropic. Its streams say their sum so far, which LangChain adds up: so this, said at their beginning, is counted twice. */
  readonly isSummed: boolean;
  begunWith: number;
  silence?: NodeJS.Timeout;
}

/**
 * A callback for LangChain's models that takes a slot for each call. A denial is thrown from `invoke` and `stream`.
 *
 * ```ts
 * const model = new ChatOpenAI({ model: 'gpt-4o', callbacks: [new BudgetCallback(budget, { ai: 'guardian', estimate: 3_000 })] });
 * ```
 */
export class BudgetCallback {
  /** LangChain's word for it. */
  readonly name = 'budget_arbiter';
  /** So that a denial stops the call, and the call waits for its slot. */
  readonly raiseError = true;
  /** So that a call begins when it has its slot. */
  readonly awaitHandlers = true;
  /** Models are what costs tokens. */
  readonly ignoreLLM = false;
  /** A chain costs what its models do. */
  readonly ignoreChain = true;
  /** An agent costs what its models do. */
  readonly ignoreAgent = true;
  /** No model is asked. */
  readonly ignoreRetriever = true;
  /** No model is asked. */
  readonly ignoreCustomEvent = true;
  private readonly runs = new Map<string, Run>();

  constructor(
    private readonly client: SlotSource,
    private readonly request: Omit<SlotRequest, 'signal' | 'model'> = {},
  ) {}

  /** LangChain copies its handlers for the runs below; they share the slots. */
  copy(): this {
    return this;
  }

  /** Takes the slot of a call. */
  async handleChatModelStart(
    model: unknown,
    _messages: unknown,
    runId: string,
    _parentRunId?: string,
    extra?: Record<string, unknown>,
    _tags?: string[],
    metadata?: Record<string, unknown>,
  ): Promise<void> {
    const { invocation_params: asked } = fields(extra);
    const { kwargs } = fields(model);
    const isSummed = metadata?.['ls_provider'] === 'anthropic';
    const names = [fields(asked)['model'], metadata?.['ls_model_name'], fields(kwargs)['model']];
    const named = names.find((name): name is string => typeof name === 'string');
    const slot = await this.client.acquire({ ...this.request, model: named });
    this.runs.set(runId, { slot, isSummed, begunWith: 0 });
  }

  /** As `handleChatModelStart`, for models of plain text. */
  handleLLMStart(...begun: Parameters<BudgetCallback['handleChatModelStart']>): Promise<void> {
    return this.handleChatModelStart(...begun);
  }

  /** A part of a stream: it is still read. */
  handleLLMNewToken(
    _token: string,
    _at: unknown,
    runId: string,
    _parentRunId?: string,
    _tags?: string[],
    more?: unknown,
  ): void {
    const run = this.runs.get(runId);
    if (run === undefined) return;
    const usage = usageOf(fields(fields(fields(more)['chunk'])['message'])['usage_metadata']);
    if (run.isSummed && usage?.input) run.begunWith = usage.output ?? 0;
    clearTimeout(run.silence);
    run.silence = setTimeout(() => void run.slot.end({ kind: 'left' }), STREAM_SILENT_MS);
    run.silence.unref();
  }

  /** Reports what the call cost, and gives its slot back. */
  async handleLLMEnd(
    output: unknown,
    runId: string,
    _parentRunId?: string,
    _tags?: string[],
    extra?: Record<string, unknown>,
  ): Promise<void> {
    const run = this.taken(runId);
    if (run === undefined) return;
    const { slot } = run;
    // From LangChain's cache: no vendor was asked.
    if (extra?.['cached'] === true) slot.unused();
    else reportGenerations(run, output);
    await slot.end();
  }

  /** Gives the slot of a call back that failed. */
  async handleLLMError(error: unknown, runId: string): Promise<void> {
    await this.taken(runId)?.slot.end({ kind: 'failed', error });
  }

  private taken(runId: string): Run | undefined {
    const run = this.runs.get(runId);
    this.runs.delete(runId);
    clearTimeout(run?.silence);
    return run;
  }
}

/** Each message says its own usage; older models say that of all in `llmOutput`. */
function reportGenerations({ slot, begunWith }: Run, output: unknown): void {
  const { generations, llmOutput } = fields(output);
  const all = Array.isArray(generations) ? generations.flat() : [];
  let isReported = false;
  for (const generation of all) {
    const { message } = fields(generation);
    const usage = usageOf(fields(message)['usage_metadata']);
    if (usage === undefined) continue;
    isReported = true;
    slot.report({ ...usage, output: (usage.output ?? 0) - begunWith }, { model: modelOf(message) });
  }
  const { tokenUsage } = fields(llmOutput);
  const { promptTokens, completionTokens } = fields(tokenUsage);
  if (isReported || typeof promptTokens !== 'number') return;
  slot.report({ input: promptTokens, output: Number(completionTokens ?? 0) });
}
