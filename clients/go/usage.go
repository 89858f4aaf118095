package arbiter

import (
	"strings"
	"unicode"
	"unicode/utf8"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"
)

// As the API takes them, in bytes: a report must not fail for its words.
const (
	longestModel       = 128
	longestRequestType = 64
	longestMessage     = 512
)

// Usage is what calls cost: tokens by kind, or Total alone. The kinds are disjoint: a token counts in one of them. UsageOf has
// it from a vendor's answer.
type Usage struct {
	// Input is prompt tokens, without those read from or written to a cache.
	Input int64
	// CacheRead is prompt tokens read from a cache.
	CacheRead int64
	// CacheWrite is prompt tokens written to a cache.
	CacheWrite int64
	// Output is completion tokens, without reasoning.
	Output int64
	// Reasoning is reasoning tokens.
	Reasoning int64
	// Total is all of them together, where only that is known.
	Total int64

	// Model is the one that answered. Empty: the request's.
	Model string
	// RequestType is what the call was for, in your words; at most 64 bytes.
	RequestType string
	// Calls is how many calls this is about. 0: one.
	Calls int32
	// Failed says that they failed, and spent this all the same.
	Failed bool
}

func (u Usage) isZero() bool { return u.kinds() == 0 && u.Total <= 0 }

func (u Usage) kinds() int64 {
	return max(0, u.Input) + max(0, u.CacheRead) + max(0, u.CacheWrite) + max(0, u.Output) + max(0, u.Reasoning)
}

// max is the greater of each kind: what a stream says of itself only grows.
func (u Usage) max(other Usage) Usage {
	u.Input = max(u.Input, other.Input)
	u.CacheRead = max(u.CacheRead, other.CacheRead)
	u.CacheWrite = max(u.CacheWrite, other.CacheWrite)
	u.Output = max(u.Output, other.Output)
	u.Reasoning = max(u.Reasoning, other.Reasoning)
	u.Total = max(u.Total, other.Total)
	if other.Model != "" {
		u.Model = other.Model
	}
	return u
}

func (u Usage) counts() *pb.TokenCounts {
	if u.kinds() == 0 {
		return &pb.TokenCounts{TotalTokens: max(0, u.Total)}
	}
	return &pb.TokenCounts{
		InputTokens: max(0, u.Input), OutputTokens: max(0, u.Output), ReasoningTokens: max(0, u.Reasoning),
		CacheReadTokens: max(0, u.CacheRead), CacheWriteTokens: max(0, u.CacheWrite),
	}
}

func (u Usage) proto(id, model string) *pb.Usage {
	if u.Model != "" {
		model = u.Model
	}
	usage := &pb.Usage{UsageId: id, Tokens: u.counts(), Model: cut(model, longestModel),
		RequestType: cut(u.RequestType, longestRequestType), Failed: u.Failed}
	if u.Calls > 0 {
		usage.Calls = &u.Calls
	}
	return usage
}

// cut leaves at most so many bytes, no half character, and nothing that the API does not take.
func cut(text string, bytes int) string {
	plain := strings.Map(func(letter rune) rune {
		if unicode.IsControl(letter) && letter != '\n' {
			return ' '
		}
		return letter
	}, strings.ToValidUTF8(text, "?"))
	if len(plain) > bytes+utf8.UTFMax {
		plain = strings.ToValidUTF8(plain[:bytes], "")
	}
	for len(plain) > bytes {
		_, size := utf8.DecodeLastRuneInString(plain)
		plain = plain[:len(plain)-size]
	}
	return plain
}
