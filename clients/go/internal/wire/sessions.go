package wire

import (
	"context"
	"sync"
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"

	"google.golang.org/grpc/codes"
)

// Where a session was refused, it is tried again after so long: the service may have been upgraded.
const refusedFor = time.Minute

// Sessions has a session on each replica that this process's budgets are on; unary calls where one is refused, or broken.
type Sessions struct {
	replicas *Replicas
	timeout  time.Duration
	unary    *Unary

	mu           sync.Mutex
	all          map[*session]bool
	refusedUntil map[string]time.Time
}

// NewSessions lets each call take so long, and each opening.
func NewSessions(replicas *Replicas, timeout time.Duration) *Sessions {
	return &Sessions{replicas: replicas, timeout: timeout, unary: NewUnary(replicas, timeout),
		all: map[*session]bool{}, refusedUntil: map[string]time.Time{}}
}

// Acquire implements Transport: a session cannot take a call back, so its outcome is told to `after`.
func (t *Sessions) Acquire(ctx context.Context, request *pb.AcquireSlotRequest, long time.Duration, after func(Acquired)) Acquired {
	address := t.replicas.Addresses.Pick(request.BudgetId)
	session := t.sessionAt(address, request.BudgetId)
	if session == nil {
		return t.unary.Acquire(ctx, request, long, after)
	}
	tooLate := time.NewTimer(long)
	call := &pb.SessionRequest{Call: &pb.SessionRequest_Acquire{Acquire: request}}
	asked, failure := session.begin(ctx, request.BudgetId, call, tooLate.C)
	if failure != nil {
		failed := t.settled(session, tooLate, Acquired{Failure: failure, Unsent: true})
		if !isRefusal(failure) || ctx.Err() != nil {
			return failed
		}
		t.refuse(session, address)
		return t.unary.Acquire(ctx, request, long, after)
	}
	acquired := t.outcome(ctx, session, asked, tooLate.C)
	if acquired.Failure != interrupted {
		return t.settled(session, tooLate, acquired)
	}
	go func() {
		after(t.settled(session, tooLate, t.outcome(context.Background(), session, asked, tooLate.C)))
	}()
	return Acquired{Failure: interrupted, Later: true}
}

func (t *Sessions) settled(session *session, tooLate *time.Timer, acquired Acquired) Acquired {
	tooLate.Stop()
	session.end()
	return acquired
}

func (t *Sessions) outcome(ctx context.Context, session *session, asked pending, tooLate <-chan time.Time) Acquired {
	answer, failure := asked.answer(ctx, tooLate)
	if failure != nil {
		if failure.Away() {
			t.replicas.Addresses.MarkDown(asked.stream.replica.address)
		}
		return Acquired{Failure: failure}
	}
	acquired := acquiredOf(answer.GetAcquired())
	if acquired.Kept != nil {
		session.keep(acquired.Kept)
	}
	return acquired
}

// Record implements Transport.
func (t *Sessions) Record(ctx context.Context, request *pb.RecordUsageRequest, of LeaseOf) *Failure {
	session := t.sessionOf(of)
	if session == nil {
		return t.unary.Record(ctx, request, of)
	}
	_, failure := t.write(ctx, session, of, &pb.SessionRequest{Call: &pb.SessionRequest_Record{Record: request}})
	return failure
}

// Release implements Transport.
func (t *Sessions) Release(ctx context.Context, request *pb.ReleaseRequest, of LeaseOf) (int64, *Failure) {
	session := t.sessionOf(of)
	if session == nil {
		return t.unary.Release(ctx, request, of)
	}
	answer, failure := t.write(ctx, session, of, &pb.SessionRequest{Call: &pb.SessionRequest_Release{Release: request}})
	return answer.GetReleased().GetUsedTokens(), failure
}

func (t *Sessions) write(ctx context.Context, session *session, of LeaseOf, call *pb.SessionRequest) (*pb.SessionResponse, *Failure) {
	tooLate := time.NewTimer(t.timeout)
	defer tooLate.Stop()
	defer session.end()
	asked, failure := session.begin(ctx, of.BudgetID, call, tooLate.C)
	if failure != nil {
		return nil, failure
	}
	return asked.answer(ctx, tooLate.C)
}

// GetLease implements Transport.
func (t *Sessions) GetLease(ctx context.Context, by *pb.LeaseRequest) (*pb.Lease, *Failure) {
	return t.unary.GetLease(ctx, by)
}

// Close implements Transport.
func (t *Sessions) Close() {
	t.mu.Lock()
	all := make([]*session, 0, len(t.all))
	for each := range t.all {
		all = append(all, each)
	}
	t.mu.Unlock()
	for _, each := range all {
		each.close()
	}
	t.replicas.Close()
}

// sessionAt is one with room for the budget, reserved for a call; nil where the replica refused one.
func (t *Sessions) sessionAt(address Address, budgetID string) *session {
	t.mu.Lock()
	defer t.mu.Unlock()
	if time.Now().Before(t.refusedUntil[address.Name]) {
		return nil
	}
	for each := range t.all {
		if each.takes(address, budgetID) {
			return each
		}
	}
	made := newSession(t, address)
	made.reserve()
	t.all[made] = true
	return made
}

// sessionOf is the one that has the lease and an open stream, reserved for a call: whatever else there is, a call of its own does as well.
func (t *Sessions) sessionOf(of LeaseOf) *session {
	t.mu.Lock()
	defer t.mu.Unlock()
	for each := range t.all {
		if each.carries(of.LeaseID) {
			return each
		}
	}
	return nil
}

func (t *Sessions) refuse(session *session, address Address) {
	t.mu.Lock()
	t.refusedUntil[address.Name] = time.Now().Add(refusedFor)
	t.mu.Unlock()
	session.close()
}

func (t *Sessions) forget(session *session) {
	go func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.all, session)
	}()
}

// isRefusal says that the service knows no sessions, or none without an AI, or has no room for one.
func isRefusal(failure *Failure) bool {
	switch failure.Code {
	case codes.Unimplemented, codes.InvalidArgument, codes.ResourceExhausted:
		return true
	default:
		return false
	}
}
