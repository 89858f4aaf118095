package arbiter

import (
	"strings"
	"testing"
)

func TestUsageOfVendors(t *testing.T) {
	for name, test := range map[string]struct {
		answer string
		want   Usage
	}{
		"OpenAI chat": {`{"object":"chat.completion","model":"gpt-5","usage":{"prompt_tokens":120,"completion_tokens":80,"total_tokens":200,
			"prompt_tokens_details":{"cached_tokens":100,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":30}}}`,
			Usage{Input: 20, CacheRead: 100, Output: 50, Reasoning: 30, Model: "gpt-5"}},
		"OpenAI chat, last event": {`{"object":"chat.completion.chunk","model":"gpt-5","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}`,
			Usage{Input: 7, Output: 3, Model: "gpt-5"}},
		"OpenAI responses": {`{"object":"response","model":"gpt-5","usage":{"input_tokens":120,"output_tokens":80,"total_tokens":200,
			"input_tokens_details":{"cached_tokens":100},"output_tokens_details":{"reasoning_tokens":30}}}`,
			Usage{Input: 20, CacheRead: 100, Output: 50, Reasoning: 30, Model: "gpt-5"}},
		"OpenAI responses, last event": {`{"type":"response.completed","response":{"model":"gpt-5","usage":{"input_tokens":7,"output_tokens":3,
			"input_tokens_details":{"cached_tokens":0}}}}`, Usage{Input: 7, Output: 3, Model: "gpt-5"}},
		"Anthropic": {`{"type":"message","model":"claude-sonnet-4","usage":{"input_tokens":20,"output_tokens":50,
			"cache_read_input_tokens":100,"cache_creation_input_tokens":40,"cache_creation":{"ephemeral_5m_input_tokens":40}}}`,
			Usage{Input: 20, CacheRead: 100, CacheWrite: 40, Output: 50, Model: "claude-sonnet-4"}},
		"Anthropic, first event": {`{"type":"message_start","message":{"model":"claude-sonnet-4","usage":{"input_tokens":20,"output_tokens":1}}}`,
			Usage{Input: 20, Output: 1, Model: "claude-sonnet-4"}},
		"LiteLLM of Claude": {`{"model":"claude","usage":{"prompt_tokens":160,"completion_tokens":50,
			"prompt_tokens_details":{"cached_tokens":100,"cache_creation_tokens":40},"cache_creation_input_tokens":40}}`,
			Usage{Input: 20, CacheRead: 100, CacheWrite: 40, Output: 50, Model: "claude"}},
		"LangChain": {`{"response_metadata":{"model_name":"claude"},"usage_metadata":{"input_tokens":160,"output_tokens":80,"total_tokens":240,
			"input_token_details":{"cache_read":100,"cache_creation":40},"output_token_details":{"reasoning":30}}}`,
			Usage{Input: 20, CacheRead: 100, CacheWrite: 40, Output: 50, Reasoning: 30, Model: "claude"}},
		"LangChain, writes by their time": {`{"usage_metadata":{"input_tokens":160,"output_tokens":80,"total_tokens":240,
			"input_token_details":{"cache_read":100,"ephemeral_5m_input_tokens":30,"ephemeral_1h_input_tokens":10}}}`,
			Usage{Input: 20, CacheRead: 100, CacheWrite: 40, Output: 80}},
		"Vercel provider": {`{"usage":{"inputTokens":{"total":160,"noCache":20,"cacheRead":100,"cacheWrite":40},
			"outputTokens":{"total":80,"text":50,"reasoning":30}}}`, Usage{Input: 20, CacheRead: 100, CacheWrite: 40, Output: 50, Reasoning: 30}},
		"Vercel provider, sums alone": {`{"usage":{"inputTokens":{"total":160,"cacheRead":100},"outputTokens":{"total":80,"reasoning":30}}}`,
			Usage{Input: 60, CacheRead: 100, Output: 50, Reasoning: 30}},
		"Vercel": {`{"usage":{"inputTokens":160,"outputTokens":80,"inputTokenDetails":{"cacheReadTokens":100,"cacheWriteTokens":40},
			"outputTokenDetails":{"reasoningTokens":30}}}`, Usage{Input: 20, CacheRead: 100, CacheWrite: 40, Output: 50, Reasoning: 30}},
		"Gemini": {`{"modelVersion":"gemini-3","usageMetadata":{"promptTokenCount":110,"toolUsePromptTokenCount":10,"cachedContentTokenCount":100,
			"candidatesTokenCount":50,"thoughtsTokenCount":30,"totalTokenCount":200}}`,
			Usage{Input: 20, CacheRead: 100, Output: 50, Reasoning: 30, Model: "gemini-3"}},
		"usage alone":           {`{"input_tokens":7,"output_tokens":3}`, Usage{Input: 7, Output: 3}},
		"counts that disagree":  {`{"prompt_tokens":5,"prompt_tokens_details":{"cached_tokens":9}}`, Usage{CacheRead: 9}},
		"an event in between":   {`{"type":"content_block_delta","delta":{"text":"usage"}}`, Usage{}},
		"zeros for nothing":     {`{"usage":{"prompt_tokens":0,"completion_tokens":0}}`, Usage{}},
		"no answer":             {`null`, Usage{}},
		"not even JSON":         {`<html>`, Usage{}},
		"a list":                {`[1]`, Usage{}},
		"counts of other kinds": {`{"usage":{"prompt_tokens":"7"}}`, Usage{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := UsageOf([]byte(test.answer))
			if got != test.want || ok == test.want.isZero() {
				t.Errorf("%+v, %v, not %+v", got, ok, test.want)
			}
		})
	}
}

func TestUsageOfWhatLibrariesReturn(t *testing.T) {
	type message struct {
		Usage struct {
			InputTokens  int64 `json:"input_tokens"`
			OutputTokens int64 `json:"output_tokens"`
		} `json:"usage"`
	}
	answer := &message{}
	answer.Usage.InputTokens, answer.Usage.OutputTokens = 7, 3
	if got, ok := UsageOf(answer); !ok || got != (Usage{Input: 7, Output: 3}) {
		t.Error(got, ok)
	}
	if _, ok := UsageOf((*message)(nil)); ok {
		t.Error("no answer has usage")
	}
	if _, ok := UsageOf(make(chan int)); ok {
		t.Error("a channel has usage")
	}
}

func TestUsageAsTheAPITakesIt(t *testing.T) {
	usage := Usage{Input: -5, Output: 3, Total: 9, RequestType: strings.Repeat("ä", 40), Calls: 2}.proto("id", strings.Repeat("m", 200))
	if usage.Tokens.InputTokens != 0 || usage.Tokens.TotalTokens != 0 || len(usage.RequestType) != 64 || len(usage.Model) != 128 || usage.GetCalls() != 2 {
		t.Error(usage)
	}
	if got := (Usage{Total: 9}).counts(); got.TotalTokens != 9 {
		t.Error(got)
	}
	for text, want := range map[string]string{"ab\x00\tc\nd\xff": "ab  c\nd?", strings.Repeat("ä", 300): strings.Repeat("ä", 256)} {
		if got := cut(text, longestMessage); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
