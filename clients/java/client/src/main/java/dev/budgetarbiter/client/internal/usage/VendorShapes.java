package dev.budgetarbiter.client.internal.usage;

import dev.budgetarbiter.client.TokenUsage;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** What the vendors call what they counted, in the disjoint kinds that a budget counts. */
public final class VendorShapes {
  /** In this order, since the later ones ask for less. Each is empty for what is not of its shape. */
  private static final List<Function<Fields, Optional<TokenUsage>>> SHAPES = List.of(
      VendorShapes::openaiChat,
      VendorShapes::openaiResponses,
      VendorShapes::gemini,
      VendorShapes::vercelProvider,
      VendorShapes::langchain4j,
      VendorShapes::langchain,
      VendorShapes::anthropic);

  private VendorShapes() {}

  public static Optional<TokenUsage> usageOf(Object answer) {
    if (answer instanceof TokenUsage told) return Optional.of(told);
    Fields whole = Fields.of(answer);
    return Stream.of(whole, whole.child("response"), whole.child("message"), whole.child("metadata"))
        .flatMap(holder -> Stream.of(holder.child("usage"), holder.child("usageMetadata"), holder.child("tokenUsage")))
        .map(VendorShapes::ofUsage)
        .flatMap(Optional::stream)
        .findFirst()
        .or(() -> ofUsage(whole));
  }

  /** The model that answered; empty where the answer does not say. */
  public static String modelOf(Object answer) {
    Fields whole = Fields.of(answer);
    return Stream.of(
            whole.text("model"),
            whole.text("modelVersion"),
            whole.text("modelName"),
            whole.child("message").text("model"),
            whole.child("response").text("model"),
            whole.child("metadata").text("model"),
            whole.child("responseMetadata").text("modelName"))
        .flatMap(Optional::stream)
        .findFirst()
        .orElse("");
  }

  private static Optional<TokenUsage> ofUsage(Fields usage) {
    if (usage.isEmpty()) return Optional.empty();
    // Spring AI's own counts leave out the cache; beside them it keeps what the vendor said.
    Fields ofVendor = usage.child("nativeUsage");
    return Stream.of(ofVendor, usage)
        .filter(each -> !each.isEmpty())
        .flatMap(each -> SHAPES.stream().map(shape -> shape.apply(each)))
        .flatMap(Optional::stream)
        .findFirst();
  }

  /** OpenAI chat completions, and LiteLLM's proxy, whose counts have these names and, for Claude too, include all kinds. */
  private static Optional<TokenUsage> openaiChat(Fields usage) {
    if (usage.number("promptTokens").isEmpty()) return Optional.empty();
    Fields details = usage.child("promptTokensDetails");
    return apart(
        usage.count("promptTokens"),
        firstOf(details.count("cachedTokens"), usage.count("cacheReadInputTokens")),
        // OpenAI's own `cache_write_tokens` are prompt tokens like others; only LiteLLM says these.
        firstOf(details.count("cacheCreationTokens"), usage.count("cacheCreationInputTokens")),
        usage.count("completionTokens"),
        usage.child("completionTokensDetails").count("reasoningTokens"));
  }

  private static Optional<TokenUsage> openaiResponses(Fields usage) {
    if (usage.number("inputTokens").isEmpty() || !usage.has("inputTokensDetails")) return Optional.empty();
    return apart(
        usage.count("inputTokens"),
        usage.child("inputTokensDetails").count("cachedTokens"),
        0,
        usage.count("outputTokens"),
        usage.child("outputTokensDetails").count("reasoningTokens"));
  }

  /** Cached tokens are part of the prompt; prompts of tools, and thoughts, stand apart. */
  private static Optional<TokenUsage> gemini(Fields usage) {
    if (usage.number("promptTokenCount").isEmpty()) return Optional.empty();
    long cached = usage.count("cachedContentTokenCount");
    long prompts = usage.count("promptTokenCount") + usage.count("toolUsePromptTokenCount");
    long output = usage.count("candidatesTokenCount");
    return Optional.of(new TokenUsage(prompts - cached, output, cached, 0, usage.count("thoughtsTokenCount"), 0));
  }

  /** Kinds, with their sum where it does not tell them apart. */
  private static Optional<TokenUsage> vercelProvider(Fields usage) {
    Fields inputs = usage.child("inputTokens");
    Fields outputs = usage.child("outputTokens");
    boolean isApart = inputs.has("noCache") || inputs.has("total") || outputs.has("text") || outputs.has("total");
    if (!isApart) return Optional.empty();
    long read = inputs.count("cacheRead");
    long write = inputs.count("cacheWrite");
    long reasoning = outputs.count("reasoning");
    long input = inputs.has("noCache") ? inputs.count("noCache") : inputs.count("total") - read - write;
    long output = outputs.has("text") ? outputs.count("text") : outputs.count("total") - reasoning;
    return Optional.of(new TokenUsage(input, output, read, write, reasoning, 0));
  }

  /** Sums, as OpenAI says them; but of Claude the cache stands apart. */
  private static Optional<TokenUsage> langchain4j(Fields usage) {
    if (usage.number("inputTokenCount").isEmpty()) return Optional.empty();
    long input = usage.count("inputTokenCount");
    long output = usage.count("outputTokenCount");
    if (usage.has("cacheReadInputTokens") || usage.has("cacheCreationInputTokens")) {
      long read = usage.count("cacheReadInputTokens");
      return Optional.of(new TokenUsage(input, output, read, usage.count("cacheCreationInputTokens"), 0, 0));
    }
    long reasoning = usage.child("outputTokensDetails").count("reasoningTokens");
    return apart(input, usage.child("inputTokensDetails").count("cachedTokens"), 0, output, reasoning);
  }

  /** `usage_metadata`: sums over all kinds, whoever the vendor is. */
  private static Optional<TokenUsage> langchain(Fields usage) {
    if (usage.number("totalTokens").isEmpty() || usage.number("inputTokens").isEmpty()) return Optional.empty();
    Fields details = usage.child("inputTokenDetails");
    long byTime = details.count("ephemeral_5m_input_tokens") + details.count("ephemeral_1h_input_tokens");
    return apart(
        usage.count("inputTokens"),
        details.count("cacheRead"),
        // Claude's writes may stand by how long they are kept, and then not as their sum.
        firstOf(details.count("cacheCreation"), byTime),
        usage.count("outputTokens"),
        usage.child("outputTokenDetails").count("reasoning"));
  }

  /** Its input counts are apart already, and thinking is output. */
  private static Optional<TokenUsage> anthropic(Fields usage) {
    if (usage.number("outputTokens").isEmpty()) return Optional.empty();
    long read = usage.count("cacheReadInputTokens");
    long write = usage.count("cacheCreationInputTokens");
    return Optional.of(new TokenUsage(usage.count("inputTokens"), usage.count("outputTokens"), read, write, 0, 0));
  }

  /** Sums over all kinds, as the kinds that they are of. */
  private static Optional<TokenUsage> apart(long input, long read, long write, long output, long reasoning) {
    return Optional.of(new TokenUsage(input - read - write, output - reasoning, read, write, reasoning, 0));
  }

  private static long firstOf(long one, long other) {
    return one > 0 ? one : other;
  }
}
