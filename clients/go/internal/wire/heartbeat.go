package wire

import (
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"

	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/pause"

	"google.golang.org/grpc/codes"
)

const leastBeat = 100 * time.Millisecond

// keepAlive renews at a third of the time that is left: at a third of the time to live, and ever sooner while the service is
// away.
func (u *Unary) keepAlive(budgetID string, kept *Kept) {
	request := &pb.RenewSlotRequest{LeaseId: kept.Lease.LeaseId}
	endsAt := time.Now().Add(kept.ttl())
	for {
		left := time.Until(endsAt)
		if left <= 0 {
			kept.loseIt("it ran out before it could be renewed")
			return
		}
		beat := max(left/3, leastBeat)
		if !pause.For(kept.held, min(left, beat)) {
			return
		}
		sentAt := time.Now()
		answer, failure := ask(kept.held, u, budgetID, beat, pb.BudgetServiceClient.RenewSlot, request)
		switch {
		case failure == nil:
			endsAt = sentAt.Add(answer.Lease.ExpiresIn.AsDuration())
		case failure.Code == codes.FailedPrecondition || failure.Code == codes.NotFound:
			kept.loseIt(failure.Message)
			return
		}
	}
}
