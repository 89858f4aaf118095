package dev.budgetarbiter.client;

import dev.budgetarbiter.client.internal.usage.VendorShapes;
import dev.budgetarbiter.v1.TokenCounts;
import java.util.Optional;

/**
 * Tokens by kind. The kinds are disjoint: a token counts in one of them. Either the kinds, or {@code total} alone.
 *
 * @param input prompt tokens, without those read from or written to a cache
 * @param output completion tokens, without reasoning
 * @param cacheRead prompt tokens read from a cache
 * @param cacheWrite prompt tokens written to a cache
 * @param reasoning reasoning tokens
 * @param total all of them together, where only that is known
 */
public record TokenUsage(long input, long output, long cacheRead, long cacheWrite, long reasoning, long total) {
  /** Counts below zero, as differences of counts that disagree may be, are zero. */
  public TokenUsage {
    input = Math.max(0, input);
    output = Math.max(0, output);
    cacheRead = Math.max(0, cacheRead);
    cacheWrite = Math.max(0, cacheWrite);
    reasoning = Math.max(0, reasoning);
    total = Math.max(0, total);
  }

  /** Of a call without a cache and without reasoning. */
  public static TokenUsage of(long input, long output) {
    return new TokenUsage(input, output, 0, 0, 0, 0);
  }

  /** Where only the sum is known. */
  public static TokenUsage ofTotal(long total) {
    return new TokenUsage(0, 0, 0, 0, 0, total);
  }

  /**
   * What a vendor's answer cost: the answer or its usage object, of OpenAI (chat completions and responses), Anthropic, Gemini,
   * LangChain4j, LiteLLM or Spring AI, as the SDK's own object or as JSON that was read into maps. Empty if it does not say.
   */
  public static Optional<TokenUsage> from(Object answer) {
    return VendorShapes.usageOf(answer);
  }

  /** Whether nothing was spent. */
  public boolean isZero() {
    return input + output + cacheRead + cacheWrite + reasoning + total == 0;
  }

  /** As the API has it. */
  public TokenCounts toMessage() {
    return TokenCounts.newBuilder()
        .setInputTokens(input)
        .setOutputTokens(output)
        .setCacheReadTokens(cacheRead)
        .setCacheWriteTokens(cacheWrite)
        .setReasoningTokens(reasoning)
        .setTotalTokens(total)
        .build();
  }
}
