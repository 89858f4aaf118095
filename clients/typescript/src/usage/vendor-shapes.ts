import { type TokenUsage, whole } from './token-usage.js';

/** A vendor's usage object, of which only the names are known. */
export type Fields = Readonly<Record<string, unknown>>;
/** One row of the table: undefined for what is not of this shape. */
export type Shape = (usage: Fields) => TokenUsage | undefined;

export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function count(holder: unknown, name: string): number {
  const value = fields(holder)[name];
  return whole(typeof value === 'number' ? value : 0);
}

/** Sums over all kinds, as the kinds that they are of. */
function apart(all: {
  input: number;
  read: number;
  write: number;
  output: number;
  reasoning: number;
}): TokenUsage {
  return {
    input: whole(all.input - all.read - all.write),
    cacheRead: all.read,
    cacheWrite: all.write,
    output: whole(all.output - all.reasoning),
    reasoning: all.reasoning,
  };
}

/** OpenAI chat completions, and LiteLLM's proxy, whose counts have these names and, for Claude too, include all kinds. */
export const openaiChat: Shape = (usage) => {
  if (typeof usage['prompt_tokens'] !== 'number') return undefined;
  const details = usage['prompt_tokens_details'];
  return apart({
    input: count(usage, 'prompt_tokens'),
    read: count(details, 'cached_tokens') || count(usage, 'cache_read_input_tokens'),
    // OpenAI's own `cache_write_tokens` are prompt tokens like others; only LiteLLM says these.
    write: count(details, 'cache_creation_tokens') || count(usage, 'cache_creation_input_tokens'),
    output: count(usage, 'completion_tokens'),
    reasoning: count(usage['completion_tokens_details'], 'reasoning_tokens'),
  });
};

/** OpenAI responses. */
export const openaiResponses: Shape = (usage) => {
  if (typeof usage['input_tokens'] !== 'number' || usage['input_tokens_details'] === undefined)
    return undefined;
  return apart({
    input: count(usage, 'input_tokens'),
    read: count(usage['input_tokens_details'], 'cached_tokens'),
    write: 0,
    output: count(usage, 'output_tokens'),
    reasoning: count(usage['output_tokens_details'], 'reasoning_tokens'),
  });
};

/** LangChain's `usage_metadata`: sums over all kinds, whoever the vendor is. */
export const langchain: Shape = (usage) => {
  const { total_tokens, input_tokens, input_token_details: details } = usage;
  if (typeof total_tokens !== 'number' || typeof input_tokens !== 'number') return undefined;
  return apart({
    input: input_tokens,
    read: count(details, 'cache_read'),
    // Claude's writes may stand by how long they are kept, and then not as their sum.
    write:
      count(details, 'cache_creation') ||
      count(details, 'ephemeral_5m_input_tokens') + count(details, 'ephemeral_1h_input_tokens'),
    output: count(usage, 'output_tokens'),
    reasoning: count(usage['output_token_details'], 'reasoning'),
  });
};

/** Anthropic messages: its input counts are apart already, and thinking is output. */
export const anthropic: Shape = (usage) => {
  if (typeof usage['output_tokens'] !== 'number') return undefined;
  return {
    input: count(usage, 'input_tokens'),
    cacheRead: count(usage, 'cache_read_input_tokens'),
    cacheWrite: count(usage, 'cache_creation_input_tokens'),
    output: count(usage, 'output_tokens'),
  };
};

/** What a provider of the Vercel AI SDK says (v3 and later): kinds, with their sum where it does not tell them apart. */
export const aiSdkProvider: Shape = (usage) => {
  const { inputTokens, outputTokens } = usage;
  if (typeof inputTokens !== 'object' || typeof outputTokens !== 'object') return undefined;
  return apart({
    input: kind(inputTokens, 'noCache', ['cacheRead', 'cacheWrite']),
    read: count(inputTokens, 'cacheRead'),
    write: count(inputTokens, 'cacheWrite'),
    output: kind(outputTokens, 'text', ['reasoning']),
    reasoning: count(outputTokens, 'reasoning'),
  });
};

/** The sum that `apart` takes asunder: of the kinds where they are told, else as it is told. */
function kind(holder: unknown, name: string, others: readonly string[]): number {
  if (typeof fields(holder)[name] !== 'number') return count(holder, 'total');
  return others.reduce((sum, other) => sum + count(holder, other), count(holder, name));
}

/** What the Vercel AI SDK's own functions answer: `(await generateText(...)).usage`. */
export const aiSdk: Shape = (usage) => {
  if (typeof usage['inputTokens'] !== 'number' && typeof usage['outputTokens'] !== 'number') return undefined;
  const { inputTokenDetails: inputs, outputTokenDetails: outputs } = usage;
  return apart({
    input: count(usage, 'inputTokens'),
    read: count(inputs, 'cacheReadTokens') || count(usage, 'cachedInputTokens'),
    write: count(inputs, 'cacheWriteTokens'),
    output: count(usage, 'outputTokens'),
    reasoning: count(outputs, 'reasoningTokens') || count(usage, 'reasoningTokens'),
  });
};

/** Gemini: cached tokens are part of the prompt; prompts of tools, and thoughts, stand apart. */
export const gemini: Shape = (usage) => {
  if (typeof usage['promptTokenCount'] !== 'number') return undefined;
  const cached = count(usage, 'cachedContentTokenCount');
  return {
    input: whole(count(usage, 'promptTokenCount') + count(usage, 'toolUsePromptTokenCount') - cached),
    cacheRead: cached,
    output: count(usage, 'candidatesTokenCount'),
    reasoning: count(usage, 'thoughtsTokenCount'),
  };
};
