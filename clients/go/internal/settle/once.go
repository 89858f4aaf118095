package settle

import (
	"context"
	"slices"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"
	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/wire"

	"google.golang.org/grpc/codes"
)

// once is one try, with the ids of all tries. It fails where the outcome is unknown, or the service refuses it. A release says what
// was charged in all.
func once(ctx context.Context, transport wire.Transport, s *Settlement) (charged int64, failure *wire.Failure) {
	leaseID := s.LeaseID
	if leaseID == "" {
		by := &pb.LeaseRequest{BudgetId: s.BudgetID, AiId: s.AIID, RequestId: s.RequestID}
		lease, failure := transport.GetLease(ctx, by)
		if failure != nil && failure.Code != codes.NotFound {
			return 0, failure
		}
		if failure != nil {
			return 0, bookAllUnleased(ctx, transport, s)
		}
		leaseID = lease.LeaseId
	}
	before, last := s.Usages, (*pb.Usage)(nil)
	// UNUSED goes without usage, and says so of a failed call that spent nothing, too.
	isApart := s.Unreported == pb.Unreported_UNREPORTED_UNSPECIFIED || s.Unreported == pb.Unreported_UNREPORTED_UNUSED
	if !isApart && len(before) > 0 {
		last, before = before[len(before)-1].Usage, before[:len(before)-1]
	}
	for _, usage := range before {
		if failure := book(ctx, transport, s, leaseID, usage.Usage); failure != nil {
			return 0, failure
		}
	}
	if s.Unreported == pb.Unreported_UNREPORTED_UNSPECIFIED {
		return 0, nil
	}
	return release(ctx, transport, s, &pb.ReleaseRequest{LeaseId: leaseID, Usage: last, Unreported: s.Unreported})
}

func bookAllUnleased(ctx context.Context, transport wire.Transport, s *Settlement) *wire.Failure {
	if !s.Spent {
		return nil
	}
	for _, usage := range s.Usages {
		if failure := bookUnleased(ctx, transport, s, usage.Usage); failure != nil {
			return failure
		}
	}
	return nil
}

func book(ctx context.Context, transport wire.Transport, s *Settlement, leaseID string, usage *pb.Usage) *wire.Failure {
	request := &pb.RecordUsageRequest{Subject: &pb.RecordUsageRequest_LeaseId{LeaseId: leaseID}, Usage: usage}
	failure := transport.Record(ctx, request, wire.LeaseOf{BudgetID: s.BudgetID, LeaseID: leaseID})
	if failure != nil && failure.Code == codes.NotFound {
		return bookUnleased(ctx, transport, s, usage)
	}
	return failure
}

// bookUnleased is for a lease that is forgotten, or never was. Its usage id is the same, so it is booked once.
func bookUnleased(ctx context.Context, transport wire.Transport, s *Settlement, usage *pb.Usage) *wire.Failure {
	unleased := &pb.Unleased{BudgetId: s.BudgetID, AiId: s.AIID}
	request := &pb.RecordUsageRequest{Subject: &pb.RecordUsageRequest_Unleased{Unleased: unleased}, Usage: usage}
	return transport.Record(ctx, request, wire.LeaseOf{BudgetID: s.BudgetID})
}

// Refused for these, nothing of a release's usage is booked.
var notReleased = []string{"LEASE_NOT_FOUND", "SESSION_TAKEN_UP", "ID_REUSED", "BUDGET_NOT_FOUND"}

func release(ctx context.Context, transport wire.Transport, s *Settlement, request *pb.ReleaseRequest) (int64, *wire.Failure) {
	charged, failure := transport.Release(ctx, request, wire.LeaseOf{BudgetID: s.BudgetID, LeaseID: request.LeaseId})
	switch {
	case failure == nil:
		return charged, nil
	case failure.Reason == "USAGE_REPORTED":
		request.Unreported = pb.Unreported_UNREPORTED_FREE
		return release(ctx, transport, s, request)
	case slices.Contains(notReleased, failure.Reason):
		if request.Usage == nil {
			return 0, nil
		}
		return 0, book(ctx, transport, s, request.LeaseId, request.Usage)
	case failure.Reason == "LEASE_CLOSED" && request.Usage == nil:
		return 0, nil // Over for long, with nothing to report: there is nothing left to give back.
	default:
		return 0, failure
	}
}
