import { describe, expect, it } from 'vitest';
import { COUNTED } from '../../../test/support/vendor-server.js';
import { modelOf, usageOf } from '../src/usage/usage-of.js';

const NOTHING = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
const LANGCHAIN = {
  input_tokens: 1_100,
  output_tokens: 200,
  total_tokens: 1_300,
  input_token_details: { cache_read: 300, cache_creation: 100 },
  output_token_details: { reasoning: 50 },
};
const PROVIDER = {
  inputTokens: { total: 1_100, noCache: 700, cacheRead: 300, cacheWrite: 100 },
  outputTokens: { total: 200, text: 150, reasoning: 50 },
};
const GEMINI = {
  promptTokenCount: 1_000,
  toolUsePromptTokenCount: 40,
  cachedContentTokenCount: 300,
  candidatesTokenCount: 150,
  thoughtsTokenCount: 50,
  totalTokenCount: 1_240,
};
const OPENAI = { input: 700, cacheRead: 300, cacheWrite: 0, output: 150, reasoning: 50 };
const CLAUDE = { input: 700, cacheRead: 300, cacheWrite: 100, output: 200 };
const ALL = { input: 700, cacheRead: 300, cacheWrite: 100, output: 150, reasoning: 50 };

describe('usage, by its disjoint kinds', () => {
  it.each([
    ['OpenAI chat completions', { usage: COUNTED.chat }, OPENAI],
    ['OpenAI responses', { usage: COUNTED.responses }, OPENAI],
    ['the last event of a responses stream', { response: { usage: COUNTED.responses } }, OPENAI],
    ['OpenAI embeddings', { usage: COUNTED.embeddings }, { ...NOTHING, input: 40 }],
    ['Anthropic messages', { usage: COUNTED.anthropic }, CLAUDE],
    [
      'Anthropic, nothing cached',
      { usage: { input_tokens: 5, output_tokens: 6, cache_read_input_tokens: null } },
      { input: 5, output: 6, cacheRead: 0, cacheWrite: 0 },
    ],
    [
      'LiteLLM, for Claude: sums that include what is cached',
      {
        usage: {
          prompt_tokens: 1_100,
          completion_tokens: 200,
          prompt_tokens_details: { cached_tokens: 300, cache_creation_tokens: 100 },
        },
      },
      { ...ALL, output: 200, reasoning: 0 },
    ],
    ['LangChain', { usage_metadata: LANGCHAIN }, ALL],
    [
      'LangChain, whose writes stand by their time',
      {
        ...LANGCHAIN,
        input_token_details: {
          cache_read: 300,
          ephemeral_5m_input_tokens: 60,
          ephemeral_1h_input_tokens: 40,
        },
      },
      ALL,
    ],
    ['a provider of the AI SDK', { usage: PROVIDER }, ALL],
    [
      'a provider that knows sums alone',
      { usage: { inputTokens: { total: 9, cacheRead: 2 }, outputTokens: { total: 8, reasoning: 3 } } },
      { input: 7, cacheRead: 2, cacheWrite: 0, output: 5, reasoning: 3 },
    ],
    [
      'generateText of the AI SDK',
      {
        usage: {
          inputTokens: 1_100,
          inputTokenDetails: { noCacheTokens: 700, cacheReadTokens: 300, cacheWriteTokens: 100 },
          outputTokens: 200,
          outputTokenDetails: { textTokens: 150, reasoningTokens: 50 },
        },
      },
      ALL,
    ],
    ['Gemini', { usageMetadata: GEMINI }, { input: 740, cacheRead: 300, output: 150, reasoning: 50 }],
    ['a usage object alone', COUNTED.chat, OPENAI],
    ['counts of your own', { input: 3, output: 4 }, { input: 3, output: 4 }],
    ['a sum of your own', { total: 7 }, { total: 7 }],
  ])('of %s', (_, answer, expected) => {
    expect(usageOf(answer)).toEqual(expected);
  });

  it.each([undefined, null, 'text', {}, { usage: null }, { choices: [] }, { input: 'many' }])(
    'of %j is unknown',
    (answer) => {
      expect(usageOf(answer)).toBeUndefined();
    },
  );

  it.each([
    [{ model: 'gpt-x' }, 'gpt-x'],
    [{ modelVersion: 'gemini-x' }, 'gemini-x'],
    [{ response: { model: 'gpt-y' } }, 'gpt-y'],
    [{ response_metadata: { model_name: 'claude-x' } }, 'claude-x'],
    [{}, undefined],
  ])('names the model of %j', (answer, model) => {
    expect(modelOf(answer)).toBe(model);
  });
});
