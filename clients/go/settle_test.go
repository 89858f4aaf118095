//go:build go1.25

package arbiter_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"
	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"
	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/fakeserver"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// failing fails calls of a kind so many times.
func failing[Call proto.Message](times int32, err error) func(proto.Message) error {
	var left atomic.Int32
	left.Store(times)
	return func(call proto.Message) error {
		if _, ok := call.(Call); ok && left.Add(-1) >= 0 {
			return err
		}
		return nil
	}
}

func TestASettlementIsRepeatedUntilItIsKnown(t *testing.T) {
	away := status.Error(codes.Unavailable, "away")
	for name, fault := range map[string]func(*fakeserver.Server){
		"release fails":      func(s *fakeserver.Server) { s.Before = failing[*pb.ReleaseRequest](3, away) },
		"answer lost":        func(s *fakeserver.Server) { s.After = failing[*pb.ReleaseRequest](3, away) },
		"stream breaks":      func(s *fakeserver.Server) { s.After = failing[*pb.ReleaseRequest](2, fakeserver.ErrBreak) },
		"record answer lost": func(s *fakeserver.Server) { s.After = failing[*pb.RecordUsageRequest](3, away) },
		"acquire answer lost": func(s *fakeserver.Server) {
			s.After = failing[*pb.AcquireSlotRequest](2, fakeserver.ErrBreak)
		},
		"no room": func(s *fakeserver.Server) {
			s.Before = failing[*pb.ReleaseRequest](3, status.Error(codes.ResourceExhausted, "full"))
		},
		"token refused": func(s *fakeserver.Server) {
			s.Before = failing[*pb.ReleaseRequest](3, status.Error(codes.Unauthenticated, "who are you"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				fault(w.server)
				w.must(w.do(func(ctx context.Context, slot *arbiter.Slot) error {
					slot.Report(spent)
					slot.Report(spent)
					return nil
				}))
				if booked := w.one(); len(booked.Usages) != 2 || booked.Lease.State != pb.LeaseState_LEASE_STATE_RELEASED {
					t.Error(booked)
				}
			})
		})
	}
}

func TestTheAnswerComesBackThoughTheServiceIsGone(t *testing.T) {
	inWorld(t, func(w *world) {
		began := time.Now()
		w.must(w.do(func(ctx context.Context, slot *arbiter.Slot) error {
			w.server.Down(true)
			return reports(ctx, slot)
		}))
		if took := time.Since(began); took > time.Second {
			t.Errorf("the caller waited %v", took)
		}
		if w.client.Unsettled() != 1 {
			t.Error(w.client.Unsettled())
		}
		time.Sleep(20 * time.Minute)
		w.server.Down(false)
		// Expired meanwhile: what was presumed becomes what was reported.
		if booked := w.one(); len(booked.Usages) != 1 {
			t.Error(booked)
		}
	})
}

func TestWhatIsRefusedForGoodIsToldOnce(t *testing.T) {
	var told []error
	inWorld(t, func(w *world) {
		w.server.Before = failing[*pb.ReleaseRequest](1000, status.Error(codes.InvalidArgument, "REPORT_TOO_LARGE"))
		w.must(w.do(reports))
		w.settled()
		if len(told) != 1 || !strings.Contains(told[0].Error(), "REPORT_TOO_LARGE") {
			t.Error(told)
		}
	}, arbiter.OnUnsettled(func(_ arbiter.Settlement, err error) { told = append(told, err) }))
}

func TestAfterAWeekLessAnHourItIsGivenUp(t *testing.T) {
	var gaveUp chan time.Time
	inWorld(t, func(w *world) {
		gaveUp = make(chan time.Time, 1)
		began := time.Now()
		w.server.Before = failing[*pb.ReleaseRequest](1<<30, status.Error(codes.Unavailable, "away"))
		w.must(w.do(reports))
		took := (<-gaveUp).Sub(began)
		if least := 167 * time.Hour; took < least || took > least+time.Minute {
			t.Error(took)
		}
	}, arbiter.OnUnsettled(func(arbiter.Settlement, error) { gaveUp <- time.Now() }))
}

func TestCloseWaitsForSlotsAndSettlements(t *testing.T) {
	inWorld(t, func(w *world) {
		held := make(chan struct{})
		go func() {
			_ = w.do(func(ctx context.Context, slot *arbiter.Slot) error {
				close(held)
				time.Sleep(2 * time.Second)
				return reports(ctx, slot)
			})
		}()
		<-held
		w.must(w.close(w.client, 10*time.Second))
		if booked := w.server.Books(); len(booked) != 1 || len(booked[0].Usages) != 1 {
			t.Error(booked)
		}
		if err := w.do(reports); !errors.Is(err, arbiter.ErrClosed) {
			t.Error(err)
		}
	})
}

func TestCloseSaysWhatItLeaves(t *testing.T) {
	inWorld(t, func(w *world) {
		w.leavesOneAfter(3*time.Second, func() error { return w.close(w.client, 3*time.Second) })
	})
}

// leavesOneAfter says that a close gives up after so long, with one slot that the service has not heard of.
func (w *world) leavesOneAfter(long time.Duration, closes func() error) {
	w.Helper()
	w.must(w.do(func(ctx context.Context, slot *arbiter.Slot) error {
		w.server.Down(true)
		return reports(ctx, slot)
	}))
	began := time.Now()
	var left *arbiter.Unsettled
	if err := closes(); !errors.As(err, &left) || left.Slots != 1 {
		w.Error(err)
	}
	if took := time.Since(began); took != long {
		w.Error(took)
	}
}

func TestCloseTurnsAwayWhoWaits(t *testing.T) {
	inWorld(t, func(w *world) {
		w.server.Deny = func(*pb.AcquireSlotRequest) *pb.Denial {
			return &pb.Denial{Blockers: []*pb.Blocker{{Rule: pb.Rule_RULE_CONCURRENCY}}, RetryAfter: durationpb.New(time.Second)}
		}
		waited := make(chan error)
		for range 3 {
			go func() { waited <- w.do(reports) }()
		}
		synctest.Wait()
		began := time.Now()
		closed := make(chan error)
		go func() { closed <- w.close(w.client, 30*time.Second) }()
		for range 3 {
			if err := <-waited; !errors.Is(err, arbiter.ErrClosed) {
				t.Error(err)
			}
		}
		if took := time.Since(began); took > 0 {
			t.Error(took)
		}
		// What they had asked for is answered yet, and would be given back.
		w.must(<-closed)
	})
}

func TestCloseLetsAProgramEndThatSaysNoDeadline(t *testing.T) {
	inWorld(t, func(w *world) {
		w.leavesOneAfter(10*time.Second, func() error { return w.client.Close(context.Background()) })
	})
}

func TestAJournalSurvivesACrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	inWorld(t, func(w *world) {
		first := w.newClient(arbiter.WithJournal(path), arbiter.WithToken("secret-token"))
		w.must(first.Do(context.Background(), request, func(ctx context.Context, slot *arbiter.Slot) error {
			w.server.Down(true)
			return reports(ctx, slot)
		}))
		if _, err := arbiter.New("", arbiter.WithJournal(path)); err == nil {
			t.Error("a second client has the same journal")
		}
		// As near to a crash as a test comes: the lock is dropped, the file is as it was.
		_ = w.close(first, 0)
		synctest.Wait()
		w.server.Down(false)
		for range 2 {
			next := w.newClient(arbiter.WithJournal(path))
			w.must(w.close(next, 10*time.Second))
		}
		if all := w.server.Books(); len(all) != 1 || len(all[0].Usages) != 1 {
			t.Error(all)
		}
	})
}
