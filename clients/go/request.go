package arbiter

import (
	"errors"
	"maps"
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"
)

const (
	defaultWait     = 10 * time.Second
	defaultPatience = 60 * time.Second
)

// None stands for no time at all where 0 stands for the default.
const None time.Duration = -1

// Request is what is asked for. What is not set is the client's own.
type Request struct {
	// Budget is whose tokens are spent, and AI who spends them.
	Budget, AI string
	// Estimate is what it will probably cost, in charged tokens. 0, and no Expected: the policy's default reservation.
	Estimate int64
	// Expected is the same by kind, which the service weighs; only its tokens count.
	Expected Usage
	// AtLeast takes rather fewer tokens than no slot: at least so many.
	AtLeast int64
	// Model is the one that will be asked, for the policy's limits of models.
	Model string
	// Labels are kept with the lease, for operators, beside those of the client: 8 in all.
	Labels map[string]string
	// Wait is how long to stand in the service's queue, where all have their turns. Default 10 s.
	Wait time.Duration
	// Patience is how long to try in all, the wait included. Default 60 s. A deadline of the context ends it, too.
	Patience time.Duration
	// Fallback asks the budgets that a denial names, in their order: Slot.Budget says whose the slot is.
	Fallback Switch
	// FailOpen goes on without a slot while the service is away.
	FailOpen Switch
}

// Switch is the client's setting, unless it is On or Off.
type Switch int

const (
	// Default is as the client has it.
	Default Switch = iota
	// On is yes, whatever the client has.
	On
	// Off is no, whatever the client has.
	Off
)

func (s Switch) or(other bool) bool {
	if s == Default {
		return other
	}
	return s == On
}

// wanted is a request with the client's defaults.
type wanted struct {
	Request
	fallback, failOpen bool
}

func (s *settings) wanted(request Request) (wanted, error) {
	want := wanted{request, request.Fallback.or(s.fallback), request.FailOpen.or(s.failOpen)}
	if want.Budget == "" {
		want.Budget = s.budget
	}
	if want.AI == "" {
		want.AI = s.ai
	}
	if want.Budget == "" {
		return wanted{}, errors.New("a slot needs a budget: of the request, of the client, or BUDGET_ARBITER_BUDGET")
	}
	if want.AI == "" {
		return wanted{}, errors.New("a slot needs an AI: of the request, of the client, or BUDGET_ARBITER_AI")
	}
	want.Wait = timeOf(request.Wait, s.wait, defaultWait)
	want.Patience = timeOf(request.Patience, s.patience, max(defaultPatience, want.Wait))
	if len(s.labels) > 0 {
		want.Labels = maps.Clone(s.labels)
		maps.Copy(want.Labels, request.Labels)
	}
	return want, nil
}

// timeOf is the first that is set.
func timeOf(times ...time.Duration) time.Duration {
	for _, each := range times {
		if each != 0 {
			return max(0, each)
		}
	}
	return 0
}

func (w *wanted) proto(budget, requestID string) *pb.AcquireSlotRequest {
	request := &pb.AcquireSlotRequest{BudgetId: budget, AiId: w.AI, RequestId: &requestID, Labels: w.Labels}
	switch {
	case w.Estimate > 0:
		request.EstimatedTokens = &w.Estimate
	case !w.Expected.isZero():
		request.Expected = w.Expected.counts()
	}
	if w.AtLeast > 0 {
		request.AtLeastTokens = &w.AtLeast
	}
	if w.Model != "" {
		request.Model = &w.Model
	}
	return request
}
