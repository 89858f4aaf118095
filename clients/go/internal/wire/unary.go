package wire

import (
	"context"
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

// Unary makes calls of their own, with a heartbeat for each lease: where no stream can live.
type Unary struct {
	replicas *Replicas
	timeout  time.Duration
}

// NewUnary lets each call take so long.
func NewUnary(replicas *Replicas, timeout time.Duration) *Unary { return &Unary{replicas, timeout} }

type method[Request, Answer any] func(pb.BudgetServiceClient, context.Context, *Request, ...grpc.CallOption) (*Answer, error)

func ask[Request, Answer any](ctx context.Context, u *Unary, budgetID string, long time.Duration,
	call method[Request, Answer], request *Request) (*Answer, *Failure) {
	replica, failure := u.replicas.of(budgetID)
	if failure != nil {
		return nil, failure
	}
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	out, failure := replica.outgoing(ctx, budgetID)
	if failure != nil {
		return nil, failure
	}
	answer, err := call(replica.client, out, request)
	failure = failureOf(err)
	switch {
	case failure == nil:
		u.replicas.Addresses.MarkUp(replica.address)
	case failure.Away():
		u.replicas.Addresses.MarkDown(replica.address)
	}
	return answer, failure
}

// Acquire implements Transport: a call whose context ends is cancelled, though its grant may have been made.
func (u *Unary) Acquire(ctx context.Context, request *pb.AcquireSlotRequest, long time.Duration, _ func(Acquired)) Acquired {
	answer, failure := ask(ctx, u, request.BudgetId, long, pb.BudgetServiceClient.AcquireSlot, request)
	if failure != nil {
		return Acquired{Failure: failure}
	}
	acquired := acquiredOf(answer)
	if acquired.Kept != nil {
		go u.keepAlive(request.BudgetId, acquired.Kept)
	}
	return acquired
}

func acquiredOf(answer *pb.AcquireSlotResponse) Acquired {
	switch {
	case answer.GetDenied() != nil:
		return Acquired{Denial: answer.GetDenied()}
	case answer.GetGranted().GetLease() != nil:
		return Acquired{Kept: keep(answer.GetGranted().GetLease())}
	default:
		return Acquired{Failure: &Failure{Code: codes.Unimplemented, Message: "this client is older than the answer it got"}}
	}
}

// Record implements Transport.
func (u *Unary) Record(ctx context.Context, request *pb.RecordUsageRequest, of LeaseOf) *Failure {
	_, failure := ask(ctx, u, of.BudgetID, u.timeout, pb.BudgetServiceClient.RecordUsage, request)
	return failure
}

// Release implements Transport.
func (u *Unary) Release(ctx context.Context, request *pb.ReleaseRequest, of LeaseOf) (int64, *Failure) {
	answer, failure := ask(ctx, u, of.BudgetID, u.timeout, pb.BudgetServiceClient.Release, request)
	return answer.GetUsedTokens(), failure
}

// GetLease implements Transport.
func (u *Unary) GetLease(ctx context.Context, by *pb.LeaseRequest) (*pb.Lease, *Failure) {
	request := &pb.GetLeaseRequest{Key: &pb.GetLeaseRequest_Request{Request: by}}
	answer, failure := ask(ctx, u, by.BudgetId, u.timeout, pb.BudgetServiceClient.GetLease, request)
	return answer.GetLease(), failure
}

// Close implements Transport.
func (u *Unary) Close() { u.replicas.Close() }
