//go:build go1.25

package arbiter_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"
	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"
	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/fakeserver"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// denying refuses for so long, from now on.
func denying(long, told time.Duration) func(*pb.AcquireSlotRequest) *pb.Denial {
	until := time.Now().Add(long)
	return func(*pb.AcquireSlotRequest) *pb.Denial {
		if !time.Now().Before(until) {
			return nil
		}
		denial := &pb.Denial{Blockers: []*pb.Blocker{{Rule: pb.Rule_RULE_HOURLY_CAP, Message: "the hour is spent"}}}
		if told > 0 {
			denial.RetryAfter = durationpb.New(told)
		}
		return denial
	}
}

func TestPatience(t *testing.T) {
	for name, try := range map[string]struct {
		lasts, told    time.Duration
		wait, patience time.Duration
		denied         bool
		took           time.Duration
	}{
		"comes back as told":                {lasts: 3 * time.Second, told: 3 * time.Second, wait: arbiter.None, took: 3 * time.Second},
		"looks again every 5 s":             {lasts: 12 * time.Second, wait: arbiter.None, took: 15 * time.Second},
		"at once beyond the patience":       {lasts: time.Hour, told: time.Hour, wait: arbiter.None, denied: true},
		"after its wait":                    {lasts: time.Hour, told: time.Hour, patience: 15 * time.Second, denied: true, took: 15 * time.Second},
		"a wait is asked again":             {lasts: 25 * time.Second, wait: time.Minute, took: 40 * time.Second},
		"none at all":                       {lasts: time.Hour, told: time.Second, patience: arbiter.None, denied: true},
		"the client's patience is a minute": {lasts: time.Hour, told: 50 * time.Second, wait: arbiter.None, denied: true, took: 50 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.server.Deny = denying(try.lasts, try.told)
				began := time.Now()
				asks := request
				asks.Wait, asks.Patience = try.wait, try.patience
				err := w.client.Do(context.Background(), asks, reports)
				var denied *arbiter.Denied
				if errors.As(err, &denied) != try.denied || (err != nil && denied == nil) {
					t.Error(err)
				}
				if took := time.Since(began).Round(time.Second); took != try.took {
					t.Errorf("took %v, not %v", took, try.took)
				}
			})
		})
	}
}

func TestADenialForGoodComesAtOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		w.server.Deny = func(*pb.AcquireSlotRequest) *pb.Denial {
			return &pb.Denial{Permanent: true, Blockers: []*pb.Blocker{{Rule: pb.Rule_RULE_REQUEST_TOO_LARGE, Message: "too large"}, {Rule: 99}}}
		}
		var denied *arbiter.Denied
		if err := w.do(reports); !errors.As(err, &denied) || !denied.Permanent || !slices.Equal(denied.Rules, []string{"REQUEST_TOO_LARGE", "99"}) {
			t.Error(err)
		}
	})
}

func TestFallbacksAreTriedInOrder(t *testing.T) {
	inWorld(t, func(w *world) {
		var asked []string
		w.server.Deny = func(request *pb.AcquireSlotRequest) *pb.Denial {
			asked = append(asked, request.BudgetId)
			if request.BudgetId == "third" {
				return nil
			}
			denial := denying(time.Hour, time.Hour)(request)
			denial.FallbackBudgetIds = []string{"missing", "second", "third"}
			return denial
		}
		w.server.Before = func(call proto.Message) error {
			if request, ok := call.(*pb.AcquireSlotRequest); ok && request.BudgetId == "missing" {
				return status.Error(codes.NotFound, "no such budget")
			}
			return nil
		}
		w.must(w.do(func(ctx context.Context, slot *arbiter.Slot) error {
			if slot.Budget() != "third" {
				t.Error(slot.Budget())
			}
			return reports(ctx, slot)
		}))
		if want := []string{"shared", "second", "third"}; !slices.Equal(asked, want) {
			t.Error(asked)
		}
		var denied *arbiter.Denied
		only := request
		only.Fallback = arbiter.Off
		only.Patience = arbiter.None
		if err := w.client.Do(context.Background(), only, reports); !errors.As(err, &denied) || len(denied.FallbackBudgetIDs) != 3 {
			t.Error(err)
		}
	}, arbiter.WithFallback())
}

func TestWhatIsAskedFor(t *testing.T) {
	inWorld(t, func(w *world) {
		var calls seen
		w.server.Seen = calls.note
		asks := arbiter.Request{Expected: arbiter.Usage{Input: 10, Output: 5}, AtLeast: 3, Model: "model-a", Labels: map[string]string{"b": "2"}}
		w.must(w.client.Do(context.Background(), asks, reports))
		got := w.one().Request
		if got.GetBudgetId() != "of the client" || got.AiId != "its AI" || got.GetExpected().GetInputTokens() != 10 || got.EstimatedTokens != nil ||
			got.GetAtLeastTokens() != 3 || got.GetModel() != "model-a" || got.Wait.AsDuration() != 7*time.Second ||
			fmt.Sprint(got.Labels) != "map[a:1 b:2]" {
			t.Error(got)
		}
		headers := calls.headers[0]
		if headers.Get("authorization")[0] != "Bearer secret" || headers.Get("x-team")[0] != "web" {
			t.Error(headers)
		}
	}, arbiter.WithBudget("of the client"), arbiter.WithAI("its AI"), arbiter.WithWait(7*time.Second), arbiter.WithToken("secret"),
		arbiter.WithLabels(map[string]string{"a": "1"}), arbiter.WithMetadata(map[string]string{"x-team": "web"}))
}

func TestASlotNeedsABudgetAndAnAI(t *testing.T) {
	inWorld(t, func(w *world) {
		for _, asks := range []arbiter.Request{{AI: "guardian"}, {Budget: "shared"}} {
			if w.client.Do(context.Background(), asks, reports) == nil {
				t.Error(asks)
			}
		}
	})
}

// afterwards waits for what a caller that has gone leaves behind.
func (w *world) afterwards() fakeserver.Booked {
	w.Helper()
	booked := w.settled()
	last := booked[len(booked)-1]
	if w.server.Live() != 0 {
		w.Error("a slot is left")
	}
	return last
}

func TestAWaitThatIsGrantedAsItsCallerGoesIsGivenBackUnused(t *testing.T) {
	for name, options := range map[string][]arbiter.Option{"session": nil, "unary": {arbiter.WithUnary()}} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.server.MaxConcurrent = 1
				ctx, cancel := context.WithCancelCause(context.Background())
				gone := errors.New("gone")
				w.must(w.do(func(held context.Context, slot *arbiter.Slot) error {
					time.AfterFunc(50*time.Millisecond, func() { cancel(gone) })
					waiting := arbiter.Request{Budget: "shared", AI: "scout"}
					began := time.Now()
					if err := w.client.Do(ctx, waiting, reports); !errors.Is(err, gone) || time.Since(began) != 50*time.Millisecond {
						t.Error(err, time.Since(began))
					}
					return reports(held, slot)
				}))
				last := w.afterwards()
				if len(w.server.Books()) == 2 && (last.Unreported != unused || len(last.Usages) != 0) {
					t.Error(last)
				}
				if name == "session" && len(w.server.Books()) != 2 {
					t.Error("the wait of a session was not granted in the end")
				}
			}, options...)
		})
	}
}

func TestAGrantWhoseAnswerWasLostIsGivenBack(t *testing.T) {
	for name, options := range map[string][]arbiter.Option{"session": nil, "unary": {arbiter.WithUnary()}} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.server.After = failing[*pb.AcquireSlotRequest](1000, fakeserver.ErrBreak)
				asks := request
				asks.Patience = 3 * time.Second
				var away *arbiter.Unavailable
				if err := w.client.Do(context.Background(), asks, reports); !errors.As(err, &away) {
					t.Error(err)
				}
				w.afterwards()
			}, options...)
		})
	}
}

func TestTheServiceAway(t *testing.T) {
	for name, try := range map[string]struct {
		patience, took time.Duration
		failOpen       bool
	}{
		"after its patience":              {patience: 10 * time.Second, took: 10 * time.Second},
		"at once without any":             {patience: arbiter.None},
		"open after 2 s":                  {took: 2 * time.Second, failOpen: true},
		"open after the patience if less": {patience: time.Second, took: time.Second, failOpen: true},
	} {
		for how, hit := range map[string]func(*fakeserver.Server){
			"no connection": func(s *fakeserver.Server) { s.Down(true) },
			"no answer": func(s *fakeserver.Server) {
				s.Before = func(call proto.Message) error {
					if _, ok := call.(*pb.AcquireSlotRequest); ok {
						time.Sleep(time.Minute)
					}
					return nil
				}
			},
		} {
			if how == "no answer" && try.patience == arbiter.None {
				continue
			}
			t.Run(name+", "+how, func(t *testing.T) {
				inWorld(t, func(w *world) {
					hit(w.server)
					asks := request
					asks.Patience = try.patience
					asks.FailOpen = arbiter.Off
					if try.failOpen {
						asks.FailOpen = arbiter.On
					}
					began := time.Now()
					err := w.client.Do(context.Background(), asks, reports)
					took := time.Since(began)
					defer time.Sleep(time.Minute) // Until no call hangs any more.
					if short, long := try.took-100*time.Millisecond, try.took+1100*time.Millisecond; took < short || took > long {
						t.Errorf("took %v, not %v", took, try.took)
					}
					var away *arbiter.Unavailable
					if errors.As(err, &away) == try.failOpen || (err != nil && away == nil) {
						t.Error(err)
					}
				})
			})
		}
	}
}

func TestFailOpenBooksWhatItCostWhenTheServiceIsBack(t *testing.T) {
	for name, lost := range map[string]bool{"without a lease": false, "on the lease whose grant was lost": true} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				if lost {
					w.server.After = failing[*pb.AcquireSlotRequest](1000, fakeserver.ErrBreak)
				} else {
					w.server.Down(true)
				}
				w.must(w.do(func(ctx context.Context, slot *arbiter.Slot) error {
					if slot.Lease() != nil {
						t.Error(slot.Lease())
					}
					return reports(ctx, slot)
				}))
				w.server.Down(false)
				booked := w.one()
				if booked.Unleased == lost || len(booked.Usages) != 1 || (lost && booked.Lease.State != pb.LeaseState_LEASE_STATE_RELEASED) {
					t.Error(booked)
				}
			}, arbiter.WithFailOpen(true))
		})
	}
}

func TestFailOpenStillWaitsInTheLine(t *testing.T) {
	inWorld(t, func(w *world) {
		w.server.MaxConcurrent = 1
		began := time.Now()
		var both sync.WaitGroup
		for range 2 {
			both.Add(1)
			go func() {
				defer both.Done()
				w.must(w.do(func(ctx context.Context, slot *arbiter.Slot) error {
					time.Sleep(5 * time.Second)
					if slot.Lease() == nil {
						t.Error("without a slot")
					}
					return reports(ctx, slot)
				}))
			}()
		}
		both.Wait()
		if took := time.Since(began).Round(time.Second); took != 10*time.Second {
			t.Error(took)
		}
	}, arbiter.WithFailOpen(true))
}

func TestAtMostFiftyWaitInTheServiceTheOthersInTurn(t *testing.T) {
	inWorld(t, func(w *world) {
		w.server.MaxConcurrent = 1
		var waiting, most int
		var lock sync.Mutex
		add := func(call proto.Message, more int) {
			if asked, ok := call.(*pb.AcquireSlotRequest); ok && asked.Wait.AsDuration() > 0 {
				lock.Lock()
				defer lock.Unlock()
				waiting += more
				most = max(most, waiting)
			}
		}
		w.server.Seen = func(call proto.Message, _ metadata.MD) { add(call, 1) }
		w.server.After = func(call proto.Message) error { add(call, -1); return nil }
		var order []int
		var all sync.WaitGroup
		for i := range 120 {
			all.Add(1)
			go func() {
				defer all.Done()
				asks := request
				asks.Patience = 10 * time.Minute
				err := w.client.Do(context.Background(), asks, func(ctx context.Context, slot *arbiter.Slot) error {
					lock.Lock()
					order = append(order, i)
					lock.Unlock()
					time.Sleep(10 * time.Millisecond)
					return reports(ctx, slot)
				})
				if err != nil {
					t.Error(err)
				}
			}()
			synctest.Wait()
		}
		all.Wait()
		if most != 50 {
			t.Errorf("%d waited in the service", most)
		}
		// Those beyond the fiftieth come in after all that came before them, but for the fifty that the service chooses among.
		for at, i := range order {
			if i > at+50 {
				t.Errorf("call %d had turn %d", i, at)
			}
		}
	})
}

func TestRefusals(t *testing.T) {
	for _, code := range []codes.Code{codes.NotFound, codes.PermissionDenied, codes.Unauthenticated, codes.InvalidArgument} {
		t.Run(code.String(), func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.server.Before = failing[*pb.AcquireSlotRequest](1000, status.Error(code, "not you"))
				var refused *arbiter.Refused
				if err := w.do(reports); !errors.As(err, &refused) || refused.Code != code.String() {
					t.Error(err)
				}
			})
		})
	}
}
