// Package arbitertest tries programs that use package arbiter, without a budget arbiter: a service in this process grants and
// denies as it is told, and says what became of each slot. The client is the real one, so that whatever it does is tried, too;
// it works within a bubble of testing/synctest.
package arbitertest

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"
	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"
	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/fakeserver"

	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	// settleTime is how long slots may take until they are settled.
	settleTime = 10 * time.Second
	address    = "127.0.0.1:50051"
)

// Fake is a budget arbiter in this process, with a client of it. Until Deny it grants whatever is asked for.
type Fake struct {
	// Client is what the program under test is given. Requests that name no budget and no AI get "budget" and "ai".
	Client *arbiter.Client
	server *fakeserver.Server
	t      testing.TB
}

// New starts it; it ends with the test. The options are those of arbiter.New.
func New(t testing.TB, options ...arbiter.Option) *Fake {
	t.Helper()
	fake := &Fake{server: fakeserver.New(), t: t}
	defaults := []arbiter.Option{
		arbiter.WithBudget("budget"), arbiter.WithAI("ai"), arbiter.WithDialOptions(fake.server.DialOptions()...),
		arbiter.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))),
	}
	client, err := arbiter.New(address, append(defaults, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	fake.Client = client
	t.Cleanup(func() {
		_ = client.Close(expired())
		fake.server.Stop()
	})
	return fake
}

func expired() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// Denial is an answer to a request.
type Denial struct {
	// Rules are names such as HOURLY_CAP or PAUSED.
	Rules []string
	// RetryAfter of 0 is that nobody knows.
	RetryAfter time.Duration
	// Permanent says that no waiting helps.
	Permanent bool
	// FallbackBudgetIDs are budgets to ask instead.
	FallbackBudgetIDs []string
}

// Deny refuses what is asked for from now on.
func (f *Fake) Deny(denial Denial) {
	told := &pb.Denial{Permanent: denial.Permanent, FallbackBudgetIds: denial.FallbackBudgetIDs}
	if denial.RetryAfter > 0 {
		told.RetryAfter = durationpb.New(denial.RetryAfter)
	}
	for _, rule := range denial.Rules {
		number, ok := pb.Rule_value["RULE_"+rule]
		if !ok {
			f.t.Fatalf("there is no rule %s", rule)
		}
		told.Blockers = append(told.Blockers, &pb.Blocker{Rule: pb.Rule(number), Message: strings.ToLower(rule)})
	}
	f.server.Change(func() { f.server.Deny = func(*pb.AcquireSlotRequest) *pb.Denial { return told } })
}

// Grant grants again.
func (f *Fake) Grant() { f.server.Change(func() { f.server.Deny = nil }) }

// Away is whether the service does not answer.
func (f *Fake) Away(away bool) { f.server.Down(away) }

// Slot is what became of one slot.
type Slot struct {
	// Budget, AI and Model are what was asked for.
	Budget, AI, Model string
	// Estimate is in tokens.
	Estimate int64
	// Labels are those of the client and the request.
	Labels map[string]string
	// Reports are what was reported, failed calls included.
	Reports []arbiter.Usage
	// Rest is what becomes of what was reserved and not reported: FREE, PRESUME or UNUSED.
	Rest string
	// Leased is false of a call that went on without a slot.
	Leased bool
}

// Slots are all that have ended, once they are settled.
func (f *Fake) Slots() []Slot {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	if !f.Client.Flush(ctx) {
		f.t.Fatalf("%d slots are not settled within %s", f.Client.Unsettled(), settleTime)
	}
	booked := f.server.Books()
	slots := make([]Slot, len(booked))
	for i, each := range booked {
		slots[i] = Slot{
			Budget: each.Lease.BudgetId, AI: each.Lease.AiId, Model: each.Request.GetModel(),
			Estimate: each.Request.GetEstimatedTokens(), Labels: each.Request.GetLabels(), Leased: !each.Unleased,
			Rest: strings.TrimPrefix(each.Unreported.String(), "UNREPORTED_"),
		}
		for _, usage := range each.Usages {
			slots[i].Reports = append(slots[i].Reports, usageOf(usage))
		}
	}
	return slots
}

func usageOf(usage *pb.Usage) arbiter.Usage {
	tokens := usage.Tokens
	return arbiter.Usage{
		Input: tokens.InputTokens, CacheRead: tokens.CacheReadTokens, CacheWrite: tokens.CacheWriteTokens,
		Output: tokens.OutputTokens, Reasoning: tokens.ReasoningTokens, Total: tokens.TotalTokens,
		Model: usage.Model, RequestType: usage.RequestType, Calls: usage.GetCalls(), Failed: usage.Failed,
	}
}
