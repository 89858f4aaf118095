package dev.budgetarbiter.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of the vendors: what each says, and what is charged of it. */
class TokenUsageTest {
  /** As the SDKs of OpenAI for Java have it: a method for each field, some of them optional. */
  public static final class SdkUsage {
    public long promptTokens() {
      return 100;
    }

    public long completionTokens() {
      return 50;
    }

    public Optional<SdkDetails> promptTokensDetails() {
      return Optional.of(new SdkDetails());
    }

    public Optional<SdkDetails> completionTokensDetails() {
      return Optional.of(new SdkDetails());
    }
  }

  /** Its details. */
  public static final class SdkDetails {
    public Optional<Long> cachedTokens() {
      return Optional.of(30L);
    }

    public OptionalLong reasoningTokens() {
      return OptionalLong.of(20);
    }
  }

  /** As Spring AI has it: beans, and what the vendor said beside its own counts. */
  public record SpringUsage(int promptTokens, int completionTokens, Object nativeUsage) {
    public Integer getPromptTokens() {
      return promptTokens;
    }

    public Object getNativeUsage() {
      return nativeUsage;
    }
  }

  /** As LangChain4j has it. */
  public record Langchain4jUsage(Integer inputTokenCount, Integer outputTokenCount, Integer cacheReadInputTokens) {}

  private static TokenUsage usage(long input, long read, long write, long output, long reasoning) {
    return new TokenUsage(input, output, read, write, reasoning, 0);
  }

  static Stream<Arguments> rows() {
    Map<String, Object> anthropic = Map.of(
        "input_tokens", 70, "cache_read_input_tokens", 30, "cache_creation_input_tokens", 10, "output_tokens", 50);
    Map<String, Object> openai = Map.of(
        "prompt_tokens", 100, "prompt_tokens_details", Map.of("cached_tokens", 30),
        "completion_tokens", 50, "completion_tokens_details", Map.of("reasoning_tokens", 20));
    Map<String, Object> responses = Map.of(
        "input_tokens", 100, "input_tokens_details", Map.of("cached_tokens", 30),
        "output_tokens", 50, "output_tokens_details", Map.of("reasoning_tokens", 20), "total_tokens", 150);
    Map<String, Object> litellm = Map.of(
        "prompt_tokens", 110, "completion_tokens", 50,
        "prompt_tokens_details", Map.of("cached_tokens", 30, "cache_creation_tokens", 10));
    Map<String, Object> langchain = Map.of(
        "input_tokens", 110, "output_tokens", 50, "total_tokens", 160,
        "input_token_details", Map.of("cache_read", 30, "cache_creation", 10),
        "output_token_details", Map.of("reasoning", 20));
    Map<String, Object> vercel = Map.of(
        "inputTokens", Map.of("total", 110, "noCache", 70, "cacheRead", 30, "cacheWrite", 10),
        "outputTokens", Map.of("total", 50, "text", 30, "reasoning", 20));
    Map<String, Object> gemini = Map.of(
        "promptTokenCount", 100, "toolUsePromptTokenCount", 5, "cachedContentTokenCount", 30,
        "candidatesTokenCount", 30, "thoughtsTokenCount", 20, "totalTokenCount", 155);
    return Stream.of(
        Arguments.of("OpenAI chat completions", openai, usage(70, 30, 0, 30, 20)),
        Arguments.of("OpenAI chat completions, the answer", Map.of("usage", openai), usage(70, 30, 0, 30, 20)),
        Arguments.of("OpenAI chat completions, the SDK's object", new SdkUsage(), usage(70, 30, 0, 30, 20)),
        Arguments.of("OpenAI responses", responses, usage(70, 30, 0, 30, 20)),
        Arguments.of("OpenAI responses, the last event of a stream", Map.of("response", Map.of("usage", responses)),
            usage(70, 30, 0, 30, 20)),
        Arguments.of("Anthropic messages", anthropic, usage(70, 30, 10, 50, 0)),
        Arguments.of("Anthropic messages, the first event of a stream", Map.of("message", Map.of("usage", anthropic)),
            usage(70, 30, 10, 50, 0)),
        Arguments.of("LiteLLM, for Claude too", litellm, usage(70, 30, 10, 50, 0)),
        Arguments.of("LangChain", Map.of("usage_metadata", langchain), usage(70, 30, 10, 30, 20)),
        Arguments.of("Vercel AI SDK", vercel, usage(70, 30, 10, 30, 20)),
        Arguments.of("Gemini", Map.of("usageMetadata", gemini), usage(75, 30, 0, 30, 20)),
        Arguments.of("Spring AI, by what the vendor said", new SpringUsage(70, 50, anthropic), usage(70, 30, 10, 50, 0)),
        Arguments.of("Spring AI, without", new SpringUsage(70, 50, null), usage(70, 0, 0, 50, 0)),
        Arguments.of("LangChain4j", new Langchain4jUsage(100, 50, null), usage(100, 0, 0, 50, 0)),
        Arguments.of("LangChain4j, of Claude", new Langchain4jUsage(70, 50, 30), usage(70, 30, 0, 50, 0)),
        Arguments.of("counts of one's own", TokenUsage.ofTotal(7), TokenUsage.ofTotal(7)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rows")
  void says(String source, Object answer, TokenUsage expected) {
    assertEquals(Optional.of(expected), TokenUsage.from(answer));
  }

  static Stream<Object> withoutUsage() {
    return Stream.of("text", 3, Map.of(), Map.of("usage", Map.of()), Map.of("input_tokens", "many"), new Object());
  }

  @ParameterizedTest
  @MethodSource("withoutUsage")
  void saysNothing(Object answer) {
    assertEquals(Optional.empty(), TokenUsage.from(answer));
  }
}
