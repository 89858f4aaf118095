package arbiter

import (
	"context"
	"crypto/rand"
	mathrand "math/rand/v2"
	"slices"
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"
	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/pause"
	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/wire"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	// So long at most in one call, which a session cannot cancel. Who asks again with the same id keeps the place.
	longestWait = 20 * time.Second
	// Where nobody knows how long a refusal lasts, such as that of a pause.
	lookAgain = 5 * time.Second
	// Who lets calls go on without a slot does not want them to wait long for one.
	failOpenAfter = 2 * time.Second
	// An answer comes somewhat later than its wait ends.
	answerSlack = time.Second
)

// acquisition asks until a slot is granted, and comes back no earlier than a denial says; one request id for all tries of a
// budget.
type acquisition struct {
	client      *Client
	want        wanted
	requestID   string
	began       time.Time
	backoff     pause.Backoff
	denial      *pb.Denial
	deniedRules []string
	// awaySince is when the service was first found away after it had last answered.
	awaySince time.Time
	// maybeGranted says that an answer was lost, which may have been a grant.
	maybeGranted bool
}

// granted is a lease, or none where the service was away and the call goes on without one.
type granted struct {
	budget, requestID string
	kept              *wire.Kept
	// deniedRules had refused before.
	deniedRules []string
}

func (c *Client) acquire(ctx context.Context, want wanted) (granted, error) {
	a := &acquisition{client: c, want: want, requestID: rand.Text(), began: time.Now(),
		backoff: pause.Backoff{First: 100 * time.Millisecond, Most: 2 * time.Second}}
	// Who lets calls go on without a slot asks first whether anybody is there: a wait looks like an absence.
	probe := want.failOpen
	for {
		slice := min(want.Wait, a.left(), longestWait)
		if probe {
			slice = 0
		}
		asked := time.Now()
		outcome := a.ask(ctx, want.Budget, a.requestID, slice)
		var done bool
		var err error
		switch {
		case ctx.Err() != nil:
			a.goAway(outcome)
			return granted{}, context.Cause(ctx)
		case outcome.Failure != nil:
			done, err = a.afterFailure(ctx, outcome, asked, slice)
		case outcome.Denial != nil:
			if probe && min(want.Wait, a.left()) > 0 && !outcome.Denial.Permanent {
				probe = false
				continue
			}
			waited := slice > 0 && time.Since(asked) >= slice*9/10
			var elsewhere granted
			if elsewhere, err = a.afterDenial(ctx, outcome.Denial, waited); elsewhere.kept != nil {
				return elsewhere, nil
			}
		default:
			return granted{want.Budget, a.requestID, outcome.Kept, a.deniedRules}, nil
		}
		if err != nil {
			return granted{}, err
		}
		if done {
			return granted{budget: want.Budget, requestID: a.requestID}, nil
		}
	}
}

func (a *acquisition) left() time.Duration { return max(0, a.want.Patience-time.Since(a.began)) }

// ask asks once. Those who wait take a place in the line of their AI first; without one in time they ask without waiting.
func (a *acquisition) ask(ctx context.Context, budget, requestID string, wait time.Duration) wire.Acquired {
	leave := func() {}
	if wait > 0 {
		place, ok := a.client.lines.enter(ctx, lineOf{budget, a.want.AI}, a.left())
		if ctx.Err() != nil {
			if ok {
				place()
			}
			return wire.Acquired{Unsent: true, Failure: &wire.Failure{Code: codes.Canceled}}
		}
		wait = min(wait, a.left())
		if ok {
			leave = place
		} else {
			wait = 0
		}
	}
	request := a.want.proto(budget, requestID)
	if wait > 0 {
		request.Wait = durationpb.New(wait.Round(time.Millisecond))
	}
	outbox := a.client.outbox
	outbox.Begin()
	acquired := a.client.transport.Acquire(ctx, request, a.long(wait), func(late wire.Acquired) {
		leave()
		a.giveBack(budget, requestID, late)
		outbox.End()
	})
	if !acquired.Later {
		leave()
		outbox.End()
	}
	return acquired
}

// long is how long an answer may take.
func (a *acquisition) long(wait time.Duration) time.Duration {
	long := a.client.settings.timeout
	if a.want.failOpen {
		long = min(long, failOpenAfter)
	}
	long += wait
	if a.want.Patience > 0 {
		long = min(long, a.left()+answerSlack)
	}
	return long
}

// afterDenial returns when it is time to ask again, or with a slot of a fallback.
func (a *acquisition) afterDenial(ctx context.Context, denial *pb.Denial, waited bool) (granted, error) {
	a.denial, a.awaySince, a.maybeGranted = denial, time.Time{}, false
	for _, rule := range rulesOf(denial) {
		if !slices.Contains(a.deniedRules, rule) {
			a.deniedRules = append(a.deniedRules, rule)
		}
	}
	if elsewhere := a.askFallbacks(ctx, denial); elsewhere.kept != nil {
		return elsewhere, nil
	}
	again := lookAgain
	if denial.RetryAfter != nil {
		again = denial.RetryAfter.AsDuration()
	}
	left := a.left()
	// Whoever waited in the line for nothing stands there still, if it comes back at once.
	if waited && left > 0 {
		again = 0
	}
	if denial.Permanent || again > left || left == 0 {
		return granted{}, deniedBy(denial, a.want.Budget, a.want.AI)
	}
	if again > 0 {
		// Somewhat later than told, so that many clients do not come back in step.
		again += mathrand.N(100 * time.Millisecond)
	}
	if !pause.For(ctx, again) {
		return granted{}, context.Cause(ctx)
	}
	return granted{}, nil
}

func (a *acquisition) askFallbacks(ctx context.Context, denial *pb.Denial) granted {
	if !a.want.fallback {
		return granted{}
	}
	for _, budget := range denial.FallbackBudgetIds {
		requestID := rand.Text()
		outcome := a.ask(ctx, budget, requestID, 0)
		if outcome.Kept != nil {
			return granted{budget, requestID, outcome.Kept, a.deniedRules}
		}
		// A fallback that is not there, or not for us, or does not answer, is none.
		if failure := outcome.Failure; failure != nil && failure.Passing() && !outcome.Later && !outcome.Unsent {
			a.giveBack(budget, requestID, outcome)
		}
	}
	return granted{}
}

// afterFailure returns when it is time to ask again, or says that the call goes on without a slot.
func (a *acquisition) afterFailure(ctx context.Context, outcome wire.Acquired, asked time.Time, waited time.Duration) (goOn bool, err error) {
	failure := outcome.Failure
	isOld := failure.Code == codes.Unauthenticated && a.client.token.Renew()
	if !failure.Passing() && !isOld {
		return false, &Refused{Code: failure.Code.String(), Reason: failure.Reason, Message: failure.Message}
	}
	a.mayBe(outcome)
	if a.awaySince.IsZero() {
		a.awaySince = asked
		if waited > 0 {
			a.awaySince = time.Now()
		}
	}
	again := max(a.backoff.Next(), failure.RetryAfter)
	if a.want.failOpen {
		away := time.Since(a.awaySince)
		most := min(failOpenAfter, a.want.Patience)
		if away >= most {
			return true, nil
		}
		again = min(again, most-away)
	} else if a.left() == 0 {
		a.leave()
		return false, a.gaveUp(failure)
	}
	if !pause.For(ctx, min(again, a.left())) {
		a.leave()
		return false, context.Cause(ctx)
	}
	return false, nil
}

// gaveUp says so: a denial that was told says more than that nobody answered in the last moment.
func (a *acquisition) gaveUp(failure *wire.Failure) error {
	if a.denial != nil {
		return deniedBy(a.denial, a.want.Budget, a.want.AI)
	}
	return &Unavailable{Patience: a.want.Patience, Cause: failure}
}

// goAway is for a caller that has gone, whatever it was answered.
func (a *acquisition) goAway(outcome wire.Acquired) {
	switch {
	case outcome.Kept != nil:
		a.giveBack(a.want.Budget, a.requestID, outcome)
	case !outcome.Later:
		a.mayBe(outcome)
		a.leave()
	}
}

func (a *acquisition) mayBe(outcome wire.Acquired) {
	a.maybeGranted = outcome.Failure != nil && (a.maybeGranted || !outcome.Unsent)
}

// leave gives back what may have been granted, its answer lost.
func (a *acquisition) leave() {
	if a.maybeGranted {
		a.giveBack(a.want.Budget, a.requestID, wire.Acquired{})
	}
}

// giveBack gives back a grant that nobody waits for any more, or that may have been made.
func (a *acquisition) giveBack(budget, requestID string, outcome wire.Acquired) {
	if outcome.Denial != nil {
		return
	}
	settlement := a.client.settlementOf(granted{budget: budget, requestID: requestID, kept: outcome.Kept}, a.want.AI)
	settlement.Unreported = pb.Unreported_UNREPORTED_UNUSED
	a.client.settle(settlement, outcome.Kept, func(int64) {})
}
