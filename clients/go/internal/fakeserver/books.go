package fakeserver

import (
	"fmt"
	"slices"
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	ttl     = 60 * time.Second
	longest = 15 * time.Minute
	grace   = time.Second
)

// Booked is one lease, or what was booked without one.
type Booked struct {
	Request *pb.AcquireSlotRequest
	Lease   *pb.Lease
	// Usages are those that were reported, each once.
	Usages     []*pb.Usage
	Unreported pb.Unreported
	// Unleased says that there is no lease.
	Unleased bool
	endsAt   time.Time
}

type books struct {
	all       []*Booked
	byLease   map[string]*Booked
	byRequest map[string]*Booked
	usages    map[string]bool
}

func newBooks() books {
	return books{byLease: map[string]*Booked{}, byRequest: map[string]*Booked{}, usages: map[string]bool{}}
}

// Books are all leases by now, and what was booked without one.
func (s *Server) Books() []Booked {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	all := make([]Booked, len(s.books.all))
	for i, each := range s.books.all {
		all[i] = *each
		all[i].Lease = proto.Clone(each.Lease).(*pb.Lease)
		all[i].Usages = slices.Clone(each.Usages)
	}
	return all
}

// Live is how many slots are held.
func (s *Server) Live() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	return s.live()
}

func (s *Server) live() (live int) {
	for _, each := range s.books.all {
		if each.Lease.GetState() == pb.LeaseState_LEASE_STATE_LIVE {
			live++
		}
	}
	return live
}

func (s *Server) expire() {
	for _, each := range s.books.all {
		if each.Lease.GetState() == pb.LeaseState_LEASE_STATE_LIVE && !time.Now().Before(each.endsAt) {
			each.Lease.State = pb.LeaseState_LEASE_STATE_EXPIRED
			each.Unreported = pb.Unreported_UNREPORTED_PRESUME
			s.free()
		}
	}
}

func (s *Server) free() {
	close(s.freed)
	s.freed = make(chan struct{})
}

func (s *Server) grant(request *pb.AcquireSlotRequest) *Booked {
	now := time.Now()
	number := len(s.books.all) + 1
	lease := &pb.Lease{LeaseId: fmt.Sprintf("lease-%d", number), Fence: int64(number), RequestId: request.GetRequestId(),
		BudgetId: request.BudgetId, AiId: request.AiId, State: pb.LeaseState_LEASE_STATE_LIVE,
		ReservedTokens: request.GetEstimatedTokens(), Labels: request.Labels, GrantedAt: timestamppb.New(now),
		RenewableUntil: timestamppb.New(now.Add(longest)), ExpiresIn: durationpb.New(ttl)}
	booked := &Booked{Request: request, Lease: lease, endsAt: now.Add(ttl)}
	s.books.all = append(s.books.all, booked)
	s.books.byLease[lease.LeaseId] = booked
	s.books.byRequest[requestKey(request.BudgetId, request.AiId, request.GetRequestId())] = booked
	return booked
}

func requestKey(budget, ai, id string) string { return budget + " " + ai + " " + id }

func (s *Server) book(on *Booked, usage *pb.Usage) (replayed bool) {
	if usage == nil || s.books.usages[usage.UsageId] {
		return usage != nil
	}
	s.books.usages[usage.UsageId] = true
	on.Usages = append(on.Usages, usage)
	return false
}

func (b *Booked) spent() (tokens int64) {
	for _, usage := range b.Usages {
		of := usage.Tokens
		tokens += of.GetInputTokens() + of.GetOutputTokens() + of.GetCacheReadTokens() + of.GetCacheWriteTokens() +
			of.GetReasoningTokens() + of.GetTotalTokens()
	}
	return tokens
}

func failure(code codes.Code, reason, message string) error {
	told, _ := status.New(code, message).WithDetails(&errdetails.ErrorInfo{Reason: reason, Domain: "budgetarbiter"})
	return told.Err()
}

func noLease() error { return failure(codes.NotFound, "LEASE_NOT_FOUND", "there is no such lease") }
