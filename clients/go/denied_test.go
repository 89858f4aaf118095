package arbiter

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"

	"google.golang.org/protobuf/types/known/durationpb"
)

func denialOf(rule pb.Rule, retryAfter time.Duration, permanent bool) *Denied {
	denial := &pb.Denial{Permanent: permanent, FallbackBudgetIds: []string{"spare"},
		Blockers: []*pb.Blocker{{Rule: rule, Message: "why"}}}
	if retryAfter > 0 {
		denial.RetryAfter = durationpb.New(retryAfter)
	}
	return deniedBy(denial, "shared", "guardian")
}

func TestDenialsOverHTTP(t *testing.T) {
	for name, test := range map[string]struct {
		err                     error
		status                  int
		retryAfter, shouldRetry string
	}{
		"soon":          {denialOf(pb.Rule_RULE_COOLDOWN, 1500*time.Millisecond, false), 429, "2", ""},
		"in a minute":   {denialOf(pb.Rule_RULE_HOURLY_CAP, time.Minute, false), 429, "60", ""},
		"later":         {denialOf(pb.Rule_RULE_HOURLY_CAP, time.Hour, false), 429, "3600", "false"},
		"nobody knows":  {denialOf(pb.Rule_RULE_CONCURRENCY, 0, false), 429, "", "false"},
		"paused":        {denialOf(pb.Rule_RULE_PAUSED, 0, false), 503, "", "false"},
		"for good":      {denialOf(pb.Rule_RULE_REQUEST_TOO_LARGE, 0, true), 400, "", "false"},
		"wrapped":       {errors.Join(errors.New("while"), denialOf(pb.Rule_RULE_COOLDOWN, time.Second, false)), 429, "1", ""},
		"not available": {&Unavailable{time.Minute, errors.New("refused")}, 503, "5", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			if !AnswerError(w, test.err) {
				t.Fatal("not answered")
			}
			header := w.Header()
			if w.Code != test.status || header.Get("Retry-After") != test.retryAfter || header.Get("X-Should-Retry") != test.shouldRetry {
				t.Error(w.Code, header)
			}
			var body struct {
				Error struct{ Message string }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Error.Message == "" {
				t.Error(w.Body, err)
			}
		})
	}
	if AnswerError(httptest.NewRecorder(), errors.New("another")) {
		t.Error("answered an error of another")
	}
}

func TestWhatADenialSays(t *testing.T) {
	denied := denialOf(pb.Rule_RULE_HOURLY_CAP, time.Hour, false)
	want := `{"error":{"code":"budget_denied","fallback_budget_ids":["spare"],"message":"why","permanent":false,"retry_after":3600,` +
		`"rules":["HOURLY_CAP"],"type":"budget_denied"}}`
	if got := string(denied.ToHTTP().Body); got != want {
		t.Error(got)
	}
	if got := denied.Error(); got != "no slot of shared for guardian: why" {
		t.Error(got)
	}
}
