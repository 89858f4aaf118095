package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	budgetarbiterv1 "budgetarbiter/gen/v1"

	"google.golang.org/grpc"
)

// A session per caller, with a lease of its own and a window of reports under way, each with a fresh id.
func sessions(o options, conns []*grpc.ClientConn) ([]*caller, error) {
	return together(o, func(ctx context.Context, c *caller, number, turn int) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		client := budgetarbiterv1.NewBudgetServiceClient(conns[number%len(conns)])
		stream, lease, err := openSession(ctx, client, o.budgetOf(number), fmt.Sprintf("ai-%d", number))
		if err != nil {
			return c.failed(err)
		}
		sent := 0
		err = pipelined(c, o.window, time.Now().Add(o.duration),
			func(tag uint32) error {
				sent++
				record := report(lease, fmt.Sprintf("%s-%d-%d-%d", o.run, number, turn, sent))
				return stream.Send(&budgetarbiterv1.SessionRequest{Tag: tag, Call: &budgetarbiterv1.SessionRequest_Record{Record: record}})
			},
			func() (uint32, error) {
				answer, err := stream.Recv()
				if err == nil && answer.GetRecorded() == nil {
					err = errors.New(answer.GetFailed().GetMessage())
				}
				return answer.GetTag(), err
			})
		if err != nil {
			return err
		}
		release := &budgetarbiterv1.SessionRequest_Release{Release: &budgetarbiterv1.ReleaseRequest{LeaseId: lease}}
		if _, err := ask(stream, &budgetarbiterv1.SessionRequest{Call: release}); err != nil {
			return c.failed(err)
		}
		return stream.CloseSend()
	}), nil
}

type sessionStream = grpc.BidiStreamingClient[budgetarbiterv1.SessionRequest, budgetarbiterv1.SessionResponse]

func openSession(ctx context.Context, client budgetarbiterv1.BudgetServiceClient, budget, ai string) (sessionStream, string, error) {
	stream, err := client.Session(ctx)
	if err != nil {
		return nil, "", err
	}
	open := &budgetarbiterv1.OpenSession{BudgetId: budget, AiId: ai}
	if _, err := ask(stream, &budgetarbiterv1.SessionRequest{Call: &budgetarbiterv1.SessionRequest_Open{Open: open}}); err != nil {
		return nil, "", err
	}
	acquire := &budgetarbiterv1.SessionRequest_Acquire{Acquire: &budgetarbiterv1.AcquireSlotRequest{}}
	answer, err := ask(stream, &budgetarbiterv1.SessionRequest{Call: acquire})
	if err != nil {
		return nil, "", err
	}
	granted := answer.GetAcquired().GetGranted()
	if granted == nil {
		return nil, "", fmt.Errorf("denied: %s", answer.GetAcquired().GetDenied())
	}
	return stream, granted.Lease.LeaseId, nil
}

// ask sends one call while no other is under way.
func ask(stream sessionStream, call *budgetarbiterv1.SessionRequest) (*budgetarbiterv1.SessionResponse, error) {
	if err := stream.Send(call); err != nil {
		return nil, err
	}
	answer, err := stream.Recv()
	if err == nil && answer.GetFailed() != nil {
		err = errors.New(answer.GetFailed().Message)
	}
	return answer, err
}
