package main

import (
	"context"
	"fmt"

	budgetarbiterv1 "budgetarbiter/gen/v1"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// A turn of the cycle takes a slot, reports once and gives the slot back, each counted as one call.
func cycles(o options, conns []*grpc.ClientConn) ([]*caller, error) {
	clients := make([]budgetarbiterv1.BudgetServiceClient, len(conns))
	for at, conn := range conns {
		clients[at] = budgetarbiterv1.NewBudgetServiceClient(conn)
	}
	return together(o, func(ctx context.Context, c *caller, number, turn int) error {
		client := clients[number%len(clients)]
		// With more budgets than callers, a caller goes from budget to budget.
		budget := o.budgetOf(number + turn*o.callers)
		ai := fmt.Sprintf("ai-%d", number)
		return cycle(ctx, client, c, budget, ai, fmt.Sprintf("%s-%d-%d", o.run, number, turn))
	}), nil
}

func cycle(ctx context.Context, client budgetarbiterv1.BudgetServiceClient, c *caller, budget, ai, id string) error {
	var leaseID string
	err := c.timed(func() error {
		answer, err := client.AcquireSlot(ctx, &budgetarbiterv1.AcquireSlotRequest{
			BudgetId: budget, AiId: ai, RequestId: &id, EstimatedTokens: proto.Int64(200),
		})
		if err != nil {
			return err
		}
		if denial := answer.GetDenied(); denial != nil {
			return fmt.Errorf("denied: %s", denial.Blockers[0].Message)
		}
		leaseID = answer.GetGranted().Lease.LeaseId
		return nil
	})
	if err != nil {
		return err
	}
	recorded := c.timed(func() error {
		_, err := client.RecordUsage(ctx, report(leaseID, id))
		return err
	})
	released := c.timed(func() error {
		_, err := client.Release(ctx, &budgetarbiterv1.ReleaseRequest{LeaseId: leaseID})
		return err
	})
	if recorded != nil {
		return recorded
	}
	return released
}
