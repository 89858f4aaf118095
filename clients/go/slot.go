package arbiter

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"
	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/settle"
	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/wayout"
)

// A report goes with the release, which saves a call; a slot that is held for longer than this tells it by itself.
const reportWithin = time.Second

// Slot is the right to call the vendor now. Report what the call cost; whichever way the slot is left, it is settled rightly.
// Its methods may be called from any goroutine.
type Slot struct {
	client *Client
	want   wanted
	granted
	ctx    context.Context
	cancel context.CancelCauseFunc
	span   Span

	mu       sync.Mutex
	held     *pb.Usage
	timer    *time.Timer
	said     Usage
	reported bool
	unused   bool
	failure  error
	ended    bool
	charged  atomic.Int64
}

// Budget is whose slot it is: that of the request, or one of its fallbacks.
func (s *Slot) Budget() string { return s.budget }

// AI is who spends.
func (s *Slot) AI() string { return s.want.AI }

// Lease is as the service granted it; nil where it was away and the call goes on without one.
func (s *Slot) Lease() *pb.Lease {
	if s.kept == nil {
		return nil
	}
	return s.kept.Lease
}

// DeniedRules had refused before the slot was granted, such as COOLDOWN.
func (s *Slot) DeniedRules() []string { return s.deniedRules }

// Charged is how many tokens the service has charged, by the weights of its policy. 0 until the slot is settled: see
// Client.Flush.
func (s *Slot) Charged() int64 { return s.charged.Load() }

// Context is what the work has: it ends when the slot is lost, with ErrLost as its cause, and when the slot is given back.
func (s *Slot) Context() context.Context { return s.ctx }

// Report says what the call cost. It is booked in the background.
func (s *Slot) Report(usage Usage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	told := usage.proto(rand.Text(), s.want.Model)
	s.reported = true
	if s.ended {
		s.settle(pb.Unreported_UNREPORTED_UNSPECIFIED, told)
		return
	}
	s.tellHeld()
	s.held = told
	if s.timer == nil {
		s.timer = time.AfterFunc(reportWithin, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.tellHeld()
		})
	} else {
		s.timer.Reset(reportWithin)
	}
}

// ReportAnswer reports what the vendor's answer says that it cost, by UsageOf. False if it says nothing of it, as no answer at
// all does; then what was reserved is presumed spent, unless you report your own count.
func (s *Slot) ReportAnswer(answer any) bool {
	usage, ok := UsageOf(answer)
	if ok {
		s.Report(usage)
	}
	return ok
}

// Said is for the events of a stream: what they say that it has cost so far. That is booked, and the rest presumed, if the stream
// is left or breaks; report its final usage at its end. False if the event says nothing of it.
func (s *Slot) Said(event any) bool {
	usage, ok := UsageOf(event)
	if ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.said = s.said.max(usage)
	}
	return ok
}

// Unused says that the vendor was never asked: what was reserved is free again, and the cooldown, too.
func (s *Slot) Unused() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unused = true
}

// Fail says that the call failed so, where no error can be returned.
func (s *Slot) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = err
}

// End gives the slot back, once; Do calls it. It returns when that will survive a crash, if the client has a journal, and the
// service is told in the background. The error says how far the call came.
func (s *Slot) End(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	if s.timer != nil {
		s.timer.Stop()
	}
	if err == nil {
		err = s.failure
	}
	usages := make([]*pb.Usage, 0, 2)
	if s.held != nil {
		usages = append(usages, s.held)
	}
	last, unreported := s.closing(err)
	if last != nil {
		usages = append(usages, last)
	}
	s.settle(unreported, usages...)
	s.cancel(nil)
	s.span.End(err)
	s.client.outbox.End()
}

// What becomes of what a failed call had reserved.
var restOf = map[wayout.Blame]pb.Unreported{
	wayout.Own:       pb.Unreported_UNREPORTED_FREE,
	wayout.Refused:   pb.Unreported_UNREPORTED_FREE,
	wayout.Unreached: pb.Unreported_UNREPORTED_UNUSED,
	wayout.Broken:    pb.Unreported_UNREPORTED_PRESUME,
}

// closing is the last report, if there is one but for those that were made, and what becomes of what is not reported.
func (s *Slot) closing(err error) (*pb.Usage, pb.Unreported) {
	hasSaid := !s.said.isZero()
	switch {
	case s.reported:
		return nil, pb.Unreported_UNREPORTED_FREE
	case err == nil && hasSaid:
		return s.said.proto(rand.Text(), s.want.Model), pb.Unreported_UNREPORTED_PRESUME
	case err == nil && s.unused:
		return nil, pb.Unreported_UNREPORTED_UNUSED
	case err == nil:
		return nil, pb.Unreported_UNREPORTED_PRESUME
	}
	blame := wayout.Of(err)
	if (blame == wayout.Own && s.ctx.Err() != nil) || hasSaid {
		blame = wayout.Broken
	}
	if errors.Is(err, ErrLost) {
		blame = wayout.Broken
	}
	failed := s.said
	failed.Failed = true
	usage := failed.proto(rand.Text(), s.want.Model)
	usage.ErrorMessage = cut(err.Error(), longestMessage)
	return usage, restOf[blame]
}

// tellHeld books a report that does not wait for the end.
func (s *Slot) tellHeld() {
	if s.held != nil && !s.ended {
		s.settle(pb.Unreported_UNREPORTED_UNSPECIFIED, s.held)
		s.held = nil
	}
}

func (s *Slot) settle(unreported pb.Unreported, usages ...*pb.Usage) {
	settlement := s.client.settlementOf(s.granted, s.want.AI)
	settlement.Spent = true
	settlement.Unreported = unreported
	for _, usage := range usages {
		settlement.Usages = append(settlement.Usages, settle.Usage{Usage: usage})
	}
	s.client.settle(settlement, s.kept, func(charged int64) { s.charged.Add(charged) })
}
