package arbiter

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/wire"
)

var (
	// ErrClosed says that the client was closed.
	ErrClosed = errors.New("this budget client is closed")
	// ErrLost is the cause of the work's context when its slot is lost. Stop then: it may be another's already.
	ErrLost = wire.ErrLost
)

// Unavailable says that the service did not answer for as long as the caller had patience.
type Unavailable struct {
	// Patience is how long it was tried.
	Patience time.Duration
	// Cause is what the last try ended with.
	Cause error
}

func (u *Unavailable) Error() string {
	return fmt.Sprintf("no answer from the budget arbiter within %s: %v", u.Patience, u.Cause)
}

func (u *Unavailable) Unwrap() error { return u.Cause }

// ToHTTP is what a server tells its own caller.
func (u *Unavailable) ToHTTP() HTTPAnswer {
	header := http.Header{"Content-Type": {"application/json"}, "Retry-After": {"5"}}
	body := map[string]any{"type": "budget_unavailable", "code": "budget_unavailable", "message": u.Error()}
	return HTTPAnswer{http.StatusServiceUnavailable, header, asBody(body)}
}

// Refused says that the service refuses this call, whoever repeats it: only another program or another configuration mends it.
type Refused struct {
	// Code is the name of the gRPC code, such as PermissionDenied.
	Code string
	// Reason is the service's own word, such as BUDGET_NOT_FOUND, where it has one.
	Reason string
	// Message is the service's, for a person.
	Message string
}

func (r *Refused) Error() string {
	return fmt.Sprintf("the budget arbiter refuses: %s (%s)", r.Message, r.Code)
}

// Unsettled says that Close had to leave slots: their settlements are in the journal if there is one, else lost.
type Unsettled struct {
	// Slots is how many.
	Slots int
}

func (u *Unsettled) Error() string { return fmt.Sprintf("%d slots are not settled", u.Slots) }
