package arbiter

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/settle"
	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/wire"
)

const (
	defaultAddress  = "127.0.0.1:50051"
	defaultDeadline = 5 * time.Second
	defaultClose    = 10 * time.Second
)

// Client puts the LLM calls of this process on shared budgets. One is enough, from whatever goroutines.
type Client struct {
	settings  settings
	token     *wire.Token
	transport wire.Transport
	outbox    *settle.Outbox
	journal   *settle.Journal
	lines     waitLines
	closed    atomic.Bool
	// ending is done once the client is closed: nobody waits for a slot any more.
	ending context.Context
	end    context.CancelFunc
}

// Settlement is what was to be told to the service of one slot.
type Settlement = settle.Settlement

// New connects to `host:port`, to several of them separated by commas, or to a name with several addresses in DNS; empty:
// 127.0.0.1:50051. It connects when a slot is first asked for.
func New(address string, options ...Option) (*Client, error) {
	s := settings{timeout: defaultDeadline, token: wire.FixedToken(""), tracer: noTracer{}}
	for _, option := range options {
		if err := option(&s); err != nil {
			return nil, fmt.Errorf("budget client: %w", err)
		}
	}
	if address == "" {
		address = defaultAddress
	}
	replicas := wire.NewReplicas(wire.NewAddresses(strings.Split(address, ",")), s.access())
	client := &Client{settings: s, token: s.token, lines: waitLines{lines: map[lineOf]*line{}}}
	client.ending, client.end = context.WithCancel(context.Background())
	if s.unary {
		client.transport = wire.NewUnary(replicas, s.timeout)
	} else {
		client.transport = wire.NewSessions(replicas, s.timeout)
	}
	return client, client.openOutbox()
}

func (c *Client) openOutbox() error {
	var left []*Settlement
	if path := c.settings.journal; path != "" {
		var err error
		if c.journal, left, err = settle.OpenJournal(path); err != nil {
			return fmt.Errorf("budget client: %w", err)
		}
	}
	c.outbox = settle.NewOutbox(c.transport, c.journal)
	c.outbox.Unsettled = func(settlement *Settlement, failure *wire.Failure) {
		c.log().Error("budget arbiter: a slot was not settled", "budget", settlement.BudgetID, "ai", settlement.AIID, "error", failure)
		if c.settings.unsettled != nil {
			c.settings.unsettled(*settlement, failure)
		}
	}
	c.outbox.Unwritten = func(_ *Settlement, err error) {
		c.log().Error("budget arbiter: the journal failed", "error", err)
	}
	c.outbox.Resume(left)
	return nil
}

// Do holds a slot while work runs, gives it back whichever way that ends, and returns what it returned. The context of the work
// ends when the slot is lost, with ErrLost as its cause. Without a slot the work does not run, and the error is a *Denied, an
// *Unavailable, a *Refused, or why the context ended.
func (c *Client) Do(ctx context.Context, request Request, work func(context.Context, *Slot) error) error {
	slot, err := c.Acquire(ctx, request)
	if err != nil {
		return err
	}
	// For a panic, or the end of a goroutine in the midst of it.
	defer slot.End(errUnfinished)
	err = work(slot.ctx, slot)
	if cause := context.Cause(slot.ctx); err != nil && errors.Is(cause, ErrLost) && !errors.Is(err, ErrLost) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	slot.End(err)
	return err
}

var errUnfinished = errors.New("the work did not return")

// Acquire is for those who give their slot back themselves: with Slot.End, whatever happens.
func (c *Client) Acquire(ctx context.Context, request Request) (*Slot, error) {
	if c.closed.Load() {
		return nil, ErrClosed
	}
	want, err := c.settings.wanted(request)
	if err != nil {
		return nil, err
	}
	ctx, span := c.settings.tracer.Start(ctx, want.Request)
	c.outbox.Begin()
	granted, err := c.untilClosed(ctx, want)
	if err != nil {
		c.outbox.End()
		span.End(err)
		return nil, err
	}
	slot := &Slot{client: c, want: want, granted: granted, span: span}
	slot.ctx, slot.cancel = context.WithCancelCause(context.WithValue(ctx, slotKey{}, slot))
	if granted.kept == nil {
		c.log().Warn("budget arbiter: it is away, so a call goes on without a slot", "budget", granted.budget, "ai", want.AI)
	} else {
		lost := granted.kept.Lost
		context.AfterFunc(lost, func() { slot.cancel(context.Cause(lost)) })
	}
	span.Granted(slot)
	return slot, nil
}

// untilClosed acquires; the end of the client ends that, too.
func (c *Client) untilClosed(ctx context.Context, want wanted) (granted, error) {
	asking, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.ending, func() { cancel(ErrClosed) })()
	return c.acquire(asking, want)
}

type slotKey struct{}

// SlotFrom is the slot that the work with this context holds; nil if it holds none.
func SlotFrom(ctx context.Context) *Slot {
	slot, _ := ctx.Value(slotKey{}).(*Slot)
	return slot
}

// Unsettled is how many slots are not settled yet: held, or not known to the service.
func (c *Client) Unsettled() int { return c.outbox.Open() }

// Flush waits until all slots are settled, or the context ends, and says whether they are.
func (c *Client) Flush(ctx context.Context) bool { return c.outbox.Flush(ctx) }

// Close gives no more slots, turns away who waits for one with ErrClosed, flushes, and ends the session. It waits for slots that are
// held, so call it from outside of them.
// Where the context ends first, or 10 seconds pass if it has no deadline, it returns an *Unsettled.
func (c *Client) Close(ctx context.Context) error {
	if c.closed.Swap(true) {
		return nil
	}
	c.end()
	if _, has := ctx.Deadline(); !has {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultClose)
		defer cancel()
	}
	c.outbox.Flush(ctx)
	left := c.outbox.Open()
	c.outbox.Stop()
	c.transport.Close()
	var err error
	if c.journal != nil {
		err = c.journal.Close()
	}
	if left > 0 {
		c.log().Warn("budget arbiter: slots are not settled", "slots", left, "journal", c.settings.journal)
		err = errors.Join(&Unsettled{left}, err)
	}
	return err
}

func (c *Client) settlementOf(of granted, ai string) *Settlement {
	settlement := &Settlement{ID: rand.Text(), BudgetID: of.budget, AIID: ai, FirstTriedAt: time.Now()}
	if of.kept == nil {
		settlement.RequestID = of.requestID
	} else {
		settlement.LeaseID = of.kept.Lease.LeaseId
	}
	return settlement
}

func (c *Client) settle(settlement *Settlement, kept *wire.Kept, charge func(int64)) {
	c.outbox.Add(settlement, func(charged int64) {
		charge(charged)
		if kept != nil && settlement.Unreported != 0 {
			kept.LetGo()
		}
	})
}

func (c *Client) log() *slog.Logger {
	if c.settings.logger != nil {
		return c.settings.logger
	}
	return slog.Default()
}
