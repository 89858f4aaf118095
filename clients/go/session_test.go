//go:build go1.25

package arbiter_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"
	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// seen are the calls that the service saw.
type seen struct {
	sync.Mutex
	calls   []proto.Message
	headers []metadata.MD
}

func (s *seen) note(call proto.Message, headers metadata.MD) {
	s.Lock()
	defer s.Unlock()
	s.calls = append(s.calls, call)
	s.headers = append(s.headers, headers)
}

func count[Call proto.Message](s *seen) (found int) {
	s.Lock()
	defer s.Unlock()
	for _, call := range s.calls {
		if _, ok := call.(Call); ok {
			found++
		}
	}
	return found
}

func TestOneSessionCarriesTheSlotsOfAllAIs(t *testing.T) {
	inWorld(t, func(w *world) {
		var calls seen
		w.server.Seen = calls.note
		for _, ai := range []string{"guardian", "scout"} {
			w.must(w.client.Do(context.Background(), arbiter.Request{Budget: "shared", AI: ai}, reports))
		}
		w.settled()
		open := calls.calls[0].(*pb.OpenSession)
		if open.AiId != "" || open.BudgetId != "shared" || open.SessionId != nil {
			t.Error(open)
		}
		if count[*pb.OpenSession](&calls) != 1 || count[*pb.RenewSlotRequest](&calls) != 0 {
			t.Error(calls.calls)
		}
		if got := calls.headers[0].Get("budget-id"); len(got) != 1 || got[0] != "shared" {
			t.Error(got)
		}
	})
}

func TestASessionWithoutWorkIsClosedAndOpenedAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		var calls seen
		w.server.Seen = calls.note
		for range 2 {
			w.must(w.do(reports))
			time.Sleep(3 * time.Second)
		}
		if got := count[*pb.OpenSession](&calls); got != 2 {
			t.Errorf("opened %d times", got)
		}
	})
}

func TestASlotOutlivesABrokenStream(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(w.do(func(ctx context.Context, slot *arbiter.Slot) error {
			w.server.Break()
			time.Sleep(5 * time.Second)
			return errors.Join(ctx.Err(), reports(ctx, slot))
		}))
		if booked := w.one(); booked.Lease.State != pb.LeaseState_LEASE_STATE_RELEASED || len(booked.Usages) != 1 {
			t.Error(booked)
		}
	})
}

func TestASlotIsLostWhenItsSessionComesBackTooLate(t *testing.T) {
	inWorld(t, func(w *world) {
		err := w.do(func(ctx context.Context, slot *arbiter.Slot) error {
			w.server.Down(true)
			time.Sleep(5 * time.Second)
			w.server.Down(false)
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, arbiter.ErrLost) || !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if booked := w.one(); booked.Unreported != presume || !booked.Usages[0].Failed {
			t.Error(booked)
		}
	})
}

func TestCallsThatABreakLeftOpenAreAskedAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		w.server.MaxConcurrent = 1
		first := make(chan struct{})
		go func() {
			_ = w.do(func(ctx context.Context, slot *arbiter.Slot) error {
				close(first)
				time.Sleep(5 * time.Second)
				return reports(ctx, slot)
			})
		}()
		<-first
		time.AfterFunc(2*time.Second, w.server.Break)
		w.must(w.do(reports))
		if all := w.settled(); len(all) != 2 {
			t.Error(all)
		}
	})
}

func TestAServerThatRefusesSessionsIsUsedByCalls(t *testing.T) {
	for _, code := range []codes.Code{codes.InvalidArgument, codes.Unimplemented, codes.ResourceExhausted} {
		t.Run(code.String(), func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.server.RefuseSession = func(*pb.OpenSession) error { return status.Error(code, "no sessions here") }
				usesHeartbeat(w)
			})
		})
	}
}

func TestUnary(t *testing.T) {
	inWorld(t, usesHeartbeat, arbiter.WithUnary())
}

// usesHeartbeat holds a slot for longer than it lives without a renewal.
func usesHeartbeat(w *world) {
	var calls seen
	w.server.Seen = calls.note
	w.must(w.do(func(ctx context.Context, slot *arbiter.Slot) error {
		time.Sleep(5 * time.Minute)
		return errors.Join(ctx.Err(), reports(ctx, slot))
	}))
	if booked := w.one(); booked.Lease.State != pb.LeaseState_LEASE_STATE_RELEASED || booked.Lease.SessionId != nil {
		w.Error(booked)
	}
	if renewals := count[*pb.RenewSlotRequest](&calls); renewals < 10 || renewals > 20 {
		w.Errorf("%d renewals in 5 minutes", renewals)
	}
}

func TestAHeartbeatThatIsRefusedOrLateLosesTheSlot(t *testing.T) {
	for name, code := range map[string]codes.Code{"refused": codes.FailedPrecondition, "away": codes.Unavailable} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				began := time.Now()
				err := w.do(func(ctx context.Context, _ *arbiter.Slot) error {
					w.server.Change(func() {
						w.server.Before = func(call proto.Message) error {
							if _, ok := call.(*pb.RenewSlotRequest); ok {
								return status.Error(code, "not now")
							}
							return nil
						}
					})
					<-ctx.Done()
					return context.Cause(ctx)
				})
				took := time.Since(began).Round(time.Second)
				if want := map[string]time.Duration{"refused": 20 * time.Second, "away": 60 * time.Second}[name]; took != want {
					t.Errorf("lost after %v, not %v", took, want)
				}
				if !errors.Is(err, arbiter.ErrLost) {
					t.Error(err)
				}
			}, arbiter.WithUnary())
		})
	}
}

func TestASlotIsLostAtItsLongestDuration(t *testing.T) {
	inWorld(t, func(w *world) {
		began := time.Now()
		err := w.do(func(ctx context.Context, _ *arbiter.Slot) error {
			<-ctx.Done()
			return ctx.Err()
		})
		if took := time.Since(began).Round(time.Second); !errors.Is(err, arbiter.ErrLost) || took != 15*time.Minute {
			t.Error(err, took)
		}
	})
}

func TestAnIdleClientRunsNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(w.do(reports))
		synctest.Wait()
		time.Sleep(time.Hour)
		if live := w.server.Live(); live != 0 {
			t.Error(live)
		}
	})
}
