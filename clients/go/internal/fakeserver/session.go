package fakeserver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// ErrBreak, of Before or After, ends the stream of the call.
var ErrBreak = errors.New("the stream breaks")

// carried is a session on a stream.
type carried struct {
	id     string
	server *Server
	cut    context.CancelFunc
	leases map[*Booked]bool
	sent   sync.Mutex
}

// carry has the lease live as long as the stream; of two, the later carries it.
func (c *carried) carry(booked *Booked) {
	booked.Lease.SessionId = &c.id
	booked.endsAt = time.Now().Add(longest)
	c.leases[booked] = true
}

// Session implements BudgetService.
func (s *Server) Session(stream pb.BudgetService_SessionServer) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	open := first.GetOpen()
	if open == nil {
		return status.Error(codes.InvalidArgument, "the first message must be open")
	}
	s.mu.Lock()
	refuse, seen := s.RefuseSession, s.Seen
	s.mu.Unlock()
	if seen != nil {
		headers, _ := metadata.FromIncomingContext(stream.Context())
		seen(open, headers)
	}
	if refuse != nil {
		if err := refuse(open); err != nil {
			return err
		}
	}
	ctx, cut := context.WithCancel(stream.Context())
	defer cut()
	of := &carried{server: s, cut: cut, leases: map[*Booked]bool{}}
	opened := s.open(of, open)
	defer s.end(of)
	of.answer(stream, &pb.SessionResponse{Tag: first.Tag, Answer: &pb.SessionResponse_Opened{Opened: opened}})
	calls := make(chan *pb.SessionRequest)
	go func() {
		defer close(calls)
		for {
			call, err := stream.Recv()
			if err != nil {
				return
			}
			select {
			case calls <- call:
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case call, ok := <-calls:
			if !ok {
				return nil
			}
			go of.serve(ctx, stream, call)
		case <-ctx.Done():
			return status.Error(codes.Unavailable, "the stream broke")
		}
	}
}

func (s *Server) open(of *carried, open *pb.OpenSession) *pb.SessionOpened {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	s.streams[of] = true
	of.id = fmt.Sprintf("session-%d", len(s.books.all)+len(s.streams))
	opened := &pb.SessionOpened{}
	if open.SessionId != nil {
		of.id = *open.SessionId
		for _, each := range s.books.all {
			if each.Lease.GetSessionId() == of.id && each.Lease.State == pb.LeaseState_LEASE_STATE_LIVE {
				of.carry(each)
				opened.Leases = append(opened.Leases, proto.Clone(each.Lease).(*pb.Lease))
			}
		}
	}
	opened.SessionId = of.id
	return opened
}

func (s *Server) end(of *carried) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, of)
	for booked := range of.leases {
		booked.endsAt = time.Now().Add(grace)
	}
}

func (c *carried) serve(ctx context.Context, stream pb.BudgetService_SessionServer, call *pb.SessionRequest) {
	answer := &pb.SessionResponse{Tag: call.Tag}
	var err error
	switch asked := call.Call.(type) {
	case *pb.SessionRequest_Acquire:
		var got *pb.AcquireSlotResponse
		got, err = around(c.server, ctx, asked.Acquire, func() (*pb.AcquireSlotResponse, error) {
			return c.server.acquire(ctx, asked.Acquire, c)
		})
		answer.Answer = &pb.SessionResponse_Acquired{Acquired: got}
	case *pb.SessionRequest_Record:
		var got *pb.RecordUsageResponse
		got, err = c.server.RecordUsage(ctx, asked.Record)
		answer.Answer = &pb.SessionResponse_Recorded{Recorded: got}
	case *pb.SessionRequest_Release:
		var got *pb.ReleaseResponse
		got, err = c.server.Release(ctx, asked.Release)
		answer.Answer = &pb.SessionResponse_Released{Released: got}
	default:
		err = status.Error(codes.InvalidArgument, "this fake does not know the call")
	}
	if errors.Is(err, ErrBreak) {
		c.cut()
		return
	}
	if err != nil {
		answer.Answer = &pb.SessionResponse_Failed{Failed: status.Convert(err).Proto()}
	}
	c.answer(stream, answer)
}

func (c *carried) answer(stream pb.BudgetService_SessionServer, answer *pb.SessionResponse) {
	c.sent.Lock()
	defer c.sent.Unlock()
	_ = stream.Send(answer)
}
