package arbiter

// shape is one row of the table: false for what is not of it.
type shape func(object) (Usage, bool)

// In this order, since the later ones ask for less.
var shapes = []shape{openAIChat, openAIResponses, gemini, aiSDKProvider, aiSDK, langChain, anthropic}

// apart takes sums over all kinds as the kinds that they are of.
func apart(input, read, write, output, reasoning int64) (Usage, bool) {
	return Usage{
		Input: max(0, input-read-write), CacheRead: read, CacheWrite: write,
		Output: max(0, output-reasoning), Reasoning: reasoning,
	}, true
}

// first is the first that is not zero.
func first(counts ...int64) int64 {
	for _, count := range counts {
		if count != 0 {
			return count
		}
	}
	return 0
}

// openAIChat is OpenAI's chat completions, and LiteLLM, whose counts have these names and, for Claude too, include all kinds.
func openAIChat(usage object) (Usage, bool) {
	if !usage.has("prompt_tokens") {
		return Usage{}, false
	}
	details := usage.object("prompt_tokens_details")
	return apart(
		usage.count("prompt_tokens"),
		first(details.count("cached_tokens"), usage.count("cache_read_input_tokens")),
		// OpenAI's own `cache_write_tokens` are prompt tokens like others; only LiteLLM says these.
		first(details.count("cache_creation_tokens"), usage.count("cache_creation_input_tokens")),
		usage.count("completion_tokens"),
		usage.object("completion_tokens_details").count("reasoning_tokens"),
	)
}

func openAIResponses(usage object) (Usage, bool) {
	if !usage.has("input_tokens") || usage["input_tokens_details"] == nil {
		return Usage{}, false
	}
	return apart(
		usage.count("input_tokens"),
		usage.object("input_tokens_details").count("cached_tokens"),
		0,
		usage.count("output_tokens"),
		usage.object("output_tokens_details").count("reasoning_tokens"),
	)
}

// langChain's `usage_metadata` has sums over all kinds, whoever the vendor is.
func langChain(usage object) (Usage, bool) {
	if !usage.has("total_tokens") || !usage.has("input_tokens") {
		return Usage{}, false
	}
	details := usage.object("input_token_details")
	return apart(
		usage.count("input_tokens"),
		details.count("cache_read"),
		// Claude's writes may stand by how long they are kept, and then not as their sum.
		first(details.count("cache_creation"),
			details.count("ephemeral_5m_input_tokens")+details.count("ephemeral_1h_input_tokens")),
		usage.count("output_tokens"),
		usage.object("output_token_details").count("reasoning"),
	)
}

// anthropic's input counts are apart already, and thinking is output.
func anthropic(usage object) (Usage, bool) {
	if !usage.has("output_tokens") {
		return Usage{}, false
	}
	return Usage{
		Input: usage.count("input_tokens"), CacheRead: usage.count("cache_read_input_tokens"),
		CacheWrite: usage.count("cache_creation_input_tokens"), Output: usage.count("output_tokens"),
	}, true
}

// aiSDKProvider is what a provider of the Vercel AI SDK says (v3 and later): kinds, with their sum where it does not tell them
// apart.
func aiSDKProvider(usage object) (Usage, bool) {
	inputs, outputs := usage.object("inputTokens"), usage.object("outputTokens")
	if inputs == nil || outputs == nil {
		return Usage{}, false
	}
	read, write, reasoning := inputs.count("cacheRead"), inputs.count("cacheWrite"), outputs.count("reasoning")
	input, output := inputs.count("total"), outputs.count("total")
	if inputs.has("noCache") {
		input = inputs.count("noCache") + read + write
	}
	if outputs.has("text") {
		output = outputs.count("text") + reasoning
	}
	return apart(input, read, write, output, reasoning)
}

// aiSDK is what the Vercel AI SDK's own functions answer.
func aiSDK(usage object) (Usage, bool) {
	if !usage.has("inputTokens") && !usage.has("outputTokens") {
		return Usage{}, false
	}
	inputs, outputs := usage.object("inputTokenDetails"), usage.object("outputTokenDetails")
	return apart(
		usage.count("inputTokens"),
		first(inputs.count("cacheReadTokens"), usage.count("cachedInputTokens")),
		inputs.count("cacheWriteTokens"),
		usage.count("outputTokens"),
		first(outputs.count("reasoningTokens"), usage.count("reasoningTokens")),
	)
}

// gemini's cached tokens are part of the prompt; prompts of tools, and thoughts, stand apart.
func gemini(usage object) (Usage, bool) {
	if !usage.has("promptTokenCount") {
		return Usage{}, false
	}
	cached := usage.count("cachedContentTokenCount")
	return Usage{
		Input:     max(0, usage.count("promptTokenCount")+usage.count("toolUsePromptTokenCount")-cached),
		CacheRead: cached, Output: usage.count("candidatesTokenCount"), Reasoning: usage.count("thoughtsTokenCount"),
	}, true
}
