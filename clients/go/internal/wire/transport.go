package wire

import (
	"context"
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"
)

// Transport is the way to the service. Every call may be repeated with the same ids for one effect.
type Transport interface {
	// Acquire asks once, and lets the answer take so long; a grant is kept alive until it is let go. Where the context ends
	// first, the outcome may be known later: then `after` is called with it, if it could not be taken back.
	Acquire(ctx context.Context, request *pb.AcquireSlotRequest, long time.Duration, after func(Acquired)) Acquired
	Record(ctx context.Context, request *pb.RecordUsageRequest, of LeaseOf) *Failure
	// Release says what was charged to the lease in all.
	Release(ctx context.Context, request *pb.ReleaseRequest, of LeaseOf) (int64, *Failure)
	// GetLease finds a lease by the request that it answered.
	GetLease(ctx context.Context, request *pb.LeaseRequest) (*pb.Lease, *Failure)
	Close()
}

// Acquired is a denial, a grant or a failure.
type Acquired struct {
	Denial  *pb.Denial
	Kept    *Kept
	Failure *Failure
	// Unsent says of a failure that the service has not seen the call.
	Unsent bool
	// Later says that the outcome is told when it is known.
	Later bool
}

// LeaseOf is a lease as those know it who settle it, perhaps in another process than that which had it.
type LeaseOf struct{ BudgetID, LeaseID string }
