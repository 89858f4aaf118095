package arbiter

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"
)

// Up to this a client may be told to sleep: the vendors' libraries sleep as long as a Retry-After says, those for Node for days.
const longestToldSleep = time.Minute

// Denied says that there is no slot: the rules of the budget refuse, and waiting does not help or would take longer than the
// caller has patience. It has cost nothing.
type Denied struct {
	// Budget is the one that refuses, AI who asked.
	Budget, AI string
	// Rules are all that refuse, such as HOURLY_CAP; of a later release's, its number.
	Rules []string
	// RetryAfter is when asking again may help. 0: nobody knows, or no waiting helps.
	RetryAfter time.Duration
	// Permanent says that no waiting helps: ask for less.
	Permanent bool
	// FallbackBudgetIDs are budgets to ask instead, best first.
	FallbackBudgetIDs []string
	// Message is what the rules say, for a person.
	Message string
	// Denial is all that the service said.
	Denial *pb.Denial
}

func deniedBy(denial *pb.Denial, budget, ai string) *Denied {
	denied := &Denied{Budget: budget, AI: ai, Denial: denial, Permanent: denial.Permanent,
		FallbackBudgetIDs: denial.FallbackBudgetIds, RetryAfter: denial.RetryAfter.AsDuration()}
	denied.Rules = rulesOf(denial)
	messages := make([]string, len(denial.Blockers))
	for i, blocker := range denial.Blockers {
		messages[i] = blocker.Message
	}
	denied.Message = strings.Join(messages, "; ")
	return denied
}

func rulesOf(denial *pb.Denial) []string {
	rules := make([]string, len(denial.Blockers))
	for i, blocker := range denial.Blockers {
		rules[i] = strings.TrimPrefix(blocker.Rule.String(), "RULE_")
	}
	return rules
}

func (d *Denied) Error() string { return "no slot of " + d.Budget + " for " + d.AI + ": " + d.Message }

// ToHTTP is what a server tells its own caller: 400 for good, 503 while the budget is paused, else 429. Beyond a minute
// x-should-retry keeps the vendors' libraries from sleeping that long.
func (d *Denied) ToHTTP() HTTPAnswer {
	status := http.StatusTooManyRequests
	switch {
	case d.Permanent:
		status = http.StatusBadRequest
	case slices.Contains(d.Rules, "PAUSED"):
		status = http.StatusServiceUnavailable
	}
	header := http.Header{"Content-Type": {"application/json"}}
	known := d.RetryAfter > 0 && !d.Permanent
	if known {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(d.RetryAfter.Seconds()))))
	}
	if !known || d.RetryAfter > longestToldSleep {
		header.Set("X-Should-Retry", "false")
	}
	body := map[string]any{
		"type": "budget_denied", "code": "budget_denied", "message": d.Message, "rules": orEmpty(d.Rules), "retry_after": nil,
		"permanent": d.Permanent, "fallback_budget_ids": orEmpty(d.FallbackBudgetIDs),
	}
	if known {
		body["retry_after"] = d.RetryAfter.Seconds()
	}
	return HTTPAnswer{status, header, asBody(body)}
}

// HTTPAnswer is an error as an HTTP server should answer it.
type HTTPAnswer struct {
	// Status is 400, 429 or 503.
	Status int
	// Header has Content-Type, and what says when to come back.
	Header http.Header
	// Body is JSON.
	Body []byte
}

// Write answers so.
func (a HTTPAnswer) Write(w http.ResponseWriter) {
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}

func asBody(detail map[string]any) []byte {
	text, _ := json.Marshal(map[string]any{"error": detail})
	return text
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
