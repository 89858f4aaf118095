package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	budgetarbiterv1 "budgetarbiter/gen/v1"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	callTimeout = 5 * time.Second
	// How long a report or a release is repeated while the service is away.
	reportPatience = time.Minute
)

// Denied says that there is no slot: waiting does not help, or would take longer than the caller has patience.
type Denied struct{ Denial *budgetarbiterv1.Denial }

func (d *Denied) Error() string {
	messages := make([]string, 0, len(d.Denial.Blockers))
	for _, blocker := range d.Denial.Blockers {
		messages = append(messages, blocker.Message)
	}
	return strings.Join(messages, "; ")
}

// acquire asks until the slot is granted, and comes back no earlier than a denial says. It also returns the rules that
// had refused before.
func acquire(ctx context.Context, client budgetarbiterv1.BudgetServiceClient, request *budgetarbiterv1.AcquireSlotRequest,
	patience time.Duration) (lease *budgetarbiterv1.Lease, deniedRules []string, err error) {
	giveUpAt := time.Now().Add(patience)
	timeout := callTimeout + request.Wait.AsDuration()
	for {
		answer, err := retry(ctx, client.AcquireSlot, request, timeout, giveUpAt)
		if err != nil {
			return nil, nil, err
		}
		if granted := answer.GetGranted(); granted != nil {
			return granted.Lease, deniedRules, nil
		}
		denial := answer.GetDenied()
		if denial == nil {
			return nil, nil, errors.New("this client is older than the answer it got")
		}
		for _, blocker := range denial.Blockers {
			rule := strings.TrimPrefix(blocker.Rule.String(), "RULE_")
			if !slices.Contains(deniedRules, rule) {
				deniedRules = append(deniedRules, rule)
			}
		}
		pause := 5 * time.Second // Nobody knows how long a pause of the budget lasts: then look again.
		if denial.RetryAfter != nil {
			pause = denial.RetryAfter.AsDuration()
		}
		if denial.Permanent || time.Now().Add(pause).After(giveUpAt) {
			return nil, nil, &Denied{denial}
		}
		// Somewhat later than told, so that many clients do not come back in step.
		if err := sleep(ctx, pause+rand.N(100*time.Millisecond)); err != nil {
			return nil, nil, err
		}
	}
}

type method[Request, Response any] func(context.Context, *Request, ...grpc.CallOption) (*Response, error)

// retry repeats a call while the service is away or its answer was lost. That is safe for every write of the API,
// because the request carries ids: the same request again has one effect, and gets the same answer.
func retry[Request, Response any](ctx context.Context, call method[Request, Response], request *Request,
	timeout time.Duration, giveUpAt time.Time) (*Response, error) {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 3*time.Second) {
		answer, err := try(ctx, call, request, timeout)
		away := hasCode(err, codes.Unavailable, codes.DeadlineExceeded)
		if !away || time.Now().Add(pause).After(giveUpAt) {
			return answer, err
		}
		// Jittered, so that many clients do not come back in step.
		if err := sleep(ctx, pause/2+rand.N(pause/2)); err != nil {
			return nil, err
		}
	}
}

func try[Request, Response any](ctx context.Context, call method[Request, Response], request *Request,
	timeout time.Duration) (*Response, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return call(ctx, request)
}

func hasCode(err error, any ...codes.Code) bool {
	return err != nil && slices.Contains(any, status.Code(err))
}

func sleep(ctx context.Context, duration time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(duration):
		return nil
	}
}
