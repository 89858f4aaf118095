package main

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	budgetarbiterv1 "budgetarbiter/gen/v1"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// ErrLost is the cause of the work's context when the lease is lost. Stop then: the slot may be another's already.
var ErrLost = errors.New("the lease is lost")

// SlotRequest says what WithSlot asks for.
type SlotRequest struct {
	BudgetID, AIID string
	// EstimatedTokens is what the work will probably cost; 0 leaves it to the policy's default reservation.
	EstimatedTokens int64
	// Wait is how long to stand in the service's queue, which serves first who used least; 0 asks and comes back later.
	Wait time.Duration
	// Patience is when to give up.
	Patience time.Duration
}

// Settled says what the work cost.
type Settled struct {
	Lease      *budgetarbiterv1.Lease
	UsedTokens int64
	// DeniedRules had refused before the slot was granted.
	DeniedRules []string
}

// Slot is a slot that is held.
type Slot struct {
	Lease *budgetarbiterv1.Lease
	// FinalUsage is a last report: booked together with the release, which saves a call.
	FinalUsage *budgetarbiterv1.Usage

	// Reports are sent even when the work's context has ended: what is spent is spent.
	ctx    context.Context
	client budgetarbiterv1.BudgetServiceClient
}

// WithSlot runs work while holding a slot: acquires it, keeps it alive, and gives it back whatever happens. The context
// that work gets ends when the lease is lost.
func WithSlot(ctx context.Context, client budgetarbiterv1.BudgetServiceClient, request SlotRequest,
	work func(context.Context, *Slot) error) (settled Settled, err error) {
	message := &budgetarbiterv1.AcquireSlotRequest{
		BudgetId: request.BudgetID,
		AiId:     request.AIID,
		Wait:     durationpb.New(request.Wait),
		// One id for all tries: if an answer is lost, the next try finds the lease in place of taking a second slot.
		RequestId: proto.String(rand.Text()),
	}
	if request.EstimatedTokens > 0 {
		message.EstimatedTokens = &request.EstimatedTokens
	}
	lease, deniedRules, err := acquire(ctx, client, message, request.Patience)
	if err != nil {
		return Settled{}, err
	}
	slot := &Slot{Lease: lease, ctx: context.WithoutCancel(ctx), client: client}

	workCtx, lose := context.WithCancelCause(ctx)
	heartbeatCtx, stop := context.WithCancel(slot.ctx)
	go slot.keepAlive(heartbeatCtx, lose)
	defer func() {
		stop()
		lose(nil)
		used, releaseErr := slot.release()
		settled = Settled{lease, used, deniedRules}
		err = errors.Join(err, releaseErr)
	}()
	return Settled{}, work(workCtx, slot)
}

// Record books what one call spent, at once. It returns the tokens charged.
func (s *Slot) Record(usage *budgetarbiterv1.Usage) (int64, error) {
	request := &budgetarbiterv1.RecordUsageRequest{
		Subject: &budgetarbiterv1.RecordUsageRequest_LeaseId{LeaseId: s.Lease.LeaseId},
		Usage:   withID(usage),
	}
	answer, err := retry(s.ctx, s.client.RecordUsage, request, callTimeout, time.Now().Add(reportPatience))
	return answer.GetChargedTokens(), err
}

func (s *Slot) release() (usedTokens int64, err error) {
	request := &budgetarbiterv1.ReleaseRequest{LeaseId: s.Lease.LeaseId, Usage: withID(s.FinalUsage)}
	answer, err := retry(s.ctx, s.client.Release, request, callTimeout, time.Now().Add(reportPatience))
	if s.FinalUsage == nil && hasCode(err, codes.FailedPrecondition, codes.NotFound) {
		return s.Lease.UsedTokens, nil // Ended long ago, and nothing to report: there is nothing left to give back.
	}
	return answer.GetUsedTokens(), err
}

// keepAlive renews at a third of the time left: at a third of the TTL, and ever sooner while the service is away.
func (s *Slot) keepAlive(ctx context.Context, lose context.CancelCauseFunc) {
	request := &budgetarbiterv1.RenewSlotRequest{LeaseId: s.Lease.LeaseId}
	// Counted from the answer, since this machine's clock may differ from the service's.
	endsAt := time.Now().Add(s.Lease.ExpiresIn.AsDuration())
	for {
		left := time.Until(endsAt)
		if left <= 0 {
			lose(ErrLost)
			return
		}
		beat := max(left/3, 100*time.Millisecond)
		if sleep(ctx, min(left, beat)) != nil {
			return
		}
		sentAt := time.Now()
		answer, err := try(ctx, s.client.RenewSlot, request, beat)
		switch {
		case err == nil:
			endsAt = sentAt.Add(answer.Lease.ExpiresIn.AsDuration())
		case hasCode(err, codes.FailedPrecondition, codes.NotFound):
			lose(errors.Join(ErrLost, err))
			return
		}
	}
}

// withID gives the report its id, once per report and not per try: so a retry is booked once.
func withID(usage *budgetarbiterv1.Usage) *budgetarbiterv1.Usage {
	if usage != nil && usage.UsageId == "" {
		usage.UsageId = rand.Text()
	}
	return usage
}
