package fakeserver

import (
	"context"
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// around makes a call fail before or after it.
func around[Answer any](s *Server, ctx context.Context, call proto.Message, do func() (Answer, error)) (Answer, error) {
	var none Answer
	s.mu.Lock()
	before, after, seen := s.Before, s.After, s.Seen
	s.mu.Unlock()
	if seen != nil {
		headers, _ := metadata.FromIncomingContext(ctx)
		seen(call, headers)
	}
	if before != nil {
		if err := before(call); err != nil {
			return none, err
		}
	}
	answer, err := do()
	if err == nil && after != nil {
		if err := after(call); err != nil {
			return none, err
		}
	}
	return answer, err
}

// AcquireSlot implements BudgetService.
func (s *Server) AcquireSlot(ctx context.Context, request *pb.AcquireSlotRequest) (*pb.AcquireSlotResponse, error) {
	return around(s, ctx, request, func() (*pb.AcquireSlotResponse, error) { return s.acquire(ctx, request, nil) })
}

func (s *Server) acquire(ctx context.Context, request *pb.AcquireSlotRequest, of *carried) (*pb.AcquireSlotResponse, error) {
	until := time.NewTimer(request.Wait.AsDuration())
	defer until.Stop()
	for {
		s.mu.Lock()
		booked, denial := s.decide(request, of)
		freed := s.freed
		s.mu.Unlock()
		if booked != nil {
			// Not the books' own, which change.
			lease := proto.Clone(booked.Lease).(*pb.Lease)
			return &pb.AcquireSlotResponse{Outcome: &pb.AcquireSlotResponse_Granted{Granted: &pb.Grant{Lease: lease}}}, nil
		}
		denied := &pb.AcquireSlotResponse{Outcome: &pb.AcquireSlotResponse_Denied{Denied: denial}}
		if request.Wait.AsDuration() == 0 || denial.Permanent {
			return denied, nil
		}
		select {
		case <-freed:
		case <-until.C:
			return denied, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *Server) decide(request *pb.AcquireSlotRequest, of *carried) (*Booked, *pb.Denial) {
	s.expire()
	booked := s.books.byRequest[requestKey(request.BudgetId, request.AiId, request.GetRequestId())]
	if booked == nil {
		if s.Deny != nil {
			if denial := s.Deny(request); denial != nil {
				return nil, denial
			}
		}
		if s.MaxConcurrent > 0 && s.live() >= s.MaxConcurrent {
			return nil, &pb.Denial{RetryAfter: durationpb.New(ttl),
				Blockers: []*pb.Blocker{{Rule: pb.Rule_RULE_CONCURRENCY, Message: "all slots are live"}}}
		}
		booked = s.grant(request)
	}
	if of != nil {
		of.carry(booked)
	}
	return booked, nil
}

// RenewSlot implements BudgetService.
func (s *Server) RenewSlot(ctx context.Context, request *pb.RenewSlotRequest) (*pb.RenewSlotResponse, error) {
	return around(s, ctx, request, func() (*pb.RenewSlotResponse, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.expire()
		booked := s.books.byLease[request.LeaseId]
		if booked == nil {
			return nil, noLease()
		}
		if booked.Lease.State != pb.LeaseState_LEASE_STATE_LIVE {
			return nil, failure(codes.FailedPrecondition, "LEASE_CLOSED", "the lease is closed")
		}
		booked.endsAt = time.Now().Add(ttl)
		return &pb.RenewSlotResponse{Lease: proto.Clone(booked.Lease).(*pb.Lease)}, nil
	})
}

// RecordUsage implements BudgetService.
func (s *Server) RecordUsage(ctx context.Context, request *pb.RecordUsageRequest) (*pb.RecordUsageResponse, error) {
	return around(s, ctx, request, func() (*pb.RecordUsageResponse, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		booked := s.books.byLease[request.GetLeaseId()]
		if of := request.GetUnleased(); of != nil {
			booked = &Booked{Unleased: true, Lease: &pb.Lease{BudgetId: of.BudgetId, AiId: of.AiId}}
			if !s.books.usages[request.Usage.UsageId] {
				s.books.all = append(s.books.all, booked)
			}
		}
		if booked == nil {
			return nil, noLease()
		}
		return &pb.RecordUsageResponse{Replayed: s.book(booked, request.Usage)}, nil
	})
}

// Release implements BudgetService.
func (s *Server) Release(ctx context.Context, request *pb.ReleaseRequest) (*pb.ReleaseResponse, error) {
	return around(s, ctx, request, func() (*pb.ReleaseResponse, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.expire()
		booked := s.books.byLease[request.LeaseId]
		if booked == nil {
			return nil, noLease()
		}
		if booked.Lease.State == pb.LeaseState_LEASE_STATE_RELEASED {
			return &pb.ReleaseResponse{Replayed: true}, nil
		}
		if request.Unreported == pb.Unreported_UNREPORTED_UNUSED && booked.spent() > 0 {
			return nil, failure(codes.FailedPrecondition, "USAGE_REPORTED", "the lease has usage")
		}
		s.book(booked, request.Usage)
		booked.Lease.State = pb.LeaseState_LEASE_STATE_RELEASED
		booked.Unreported = request.Unreported
		s.free()
		return &pb.ReleaseResponse{}, nil
	})
}

// GetLease implements BudgetService.
func (s *Server) GetLease(ctx context.Context, request *pb.GetLeaseRequest) (*pb.GetLeaseResponse, error) {
	return around(s, ctx, request, func() (*pb.GetLeaseResponse, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		by := request.GetRequest()
		booked := s.books.byRequest[requestKey(by.GetBudgetId(), by.GetAiId(), by.GetRequestId())]
		if booked == nil {
			return nil, noLease()
		}
		return &pb.GetLeaseResponse{Lease: proto.Clone(booked.Lease).(*pb.Lease)}, nil
	})
}
