import type { Prompt } from './ai-messages.js';

/** Nobody knows beforehand how long an answer will be. What a guess is short of is an overrun. */
const GUESSED_OUTPUT_TOKENS = 48;

export function estimate(prompts: readonly Prompt[]): number {
  return prompts.reduce((sum, { inputTokens }) => sum + inputTokens + GUESSED_OUTPUT_TOKENS, 0);
}
