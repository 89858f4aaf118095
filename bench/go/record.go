package main

import (
	"context"
	"fmt"
	"time"

	budgetarbiterv1 "budgetarbiter/gen/v1"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Reports alone, each with a fresh id, on a live lease per caller.
func records(o options, conns []*grpc.ClientConn) ([]*caller, error) {
	clients := make([]budgetarbiterv1.BudgetServiceClient, o.callers)
	leases := make([]string, o.callers)
	for number := range leases {
		clients[number] = budgetarbiterv1.NewBudgetServiceClient(conns[number%len(conns)])
		answer, err := clients[number].AcquireSlot(context.Background(), &budgetarbiterv1.AcquireSlotRequest{
			BudgetId: o.budgetOf(number), AiId: fmt.Sprintf("ai-%d", number), LeaseTtl: durationpb.New(time.Hour),
		})
		if err != nil {
			return nil, err
		}
		if answer.GetGranted() == nil {
			return nil, fmt.Errorf("denied: %s", answer.GetDenied().Blockers[0].Message)
		}
		leases[number] = answer.GetGranted().Lease.LeaseId
	}
	callers := together(o, func(ctx context.Context, c *caller, number, turn int) error {
		return c.timed(func() error {
			_, err := clients[number].RecordUsage(ctx, report(leases[number], fmt.Sprintf("%s-%d-%d", o.run, number, turn)))
			return err
		})
	})
	for number, lease := range leases {
		request := &budgetarbiterv1.ReleaseRequest{LeaseId: lease}
		if _, err := clients[number].Release(context.Background(), request); err != nil {
			return nil, err
		}
	}
	return callers, nil
}

func report(leaseID, usageID string) *budgetarbiterv1.RecordUsageRequest {
	return &budgetarbiterv1.RecordUsageRequest{
		Subject: &budgetarbiterv1.RecordUsageRequest_LeaseId{LeaseId: leaseID},
		Usage: &budgetarbiterv1.Usage{
			UsageId: usageID, Model: "claude-sonnet-4", Tokens: &budgetarbiterv1.TokenCounts{InputTokens: 120, OutputTokens: 60},
		},
	}
}
