package settle

import (
	"context"
	"sync"
	"time"

	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/pause"
	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/wire"

	"google.golang.org/grpc/codes"
)

// While somebody waits for a flush, tries come at least so often.
const flushEvery = 250 * time.Millisecond

// Outbox settles in the background: no caller waits for it, and none is told of its failures but by the callbacks.
type Outbox struct {
	// Unsettled is told of what will not be tried again.
	Unsettled func(*Settlement, *wire.Failure)
	// Unwritten is told of what the journal could not keep: it is settled all the same, unless this process crashes.
	Unwritten func(*Settlement, error)

	transport wire.Transport
	journal   *Journal
	ctx       context.Context
	stop      context.CancelFunc

	mu sync.Mutex
	// open counts the settlements, and slots that are to become some.
	open     int
	lasts    map[string]chan struct{}
	wake     chan struct{}
	empty    chan struct{}
	flushing int
}

// NewOutbox has a journal, or none.
func NewOutbox(transport wire.Transport, journal *Journal) *Outbox {
	ctx, stop := context.WithCancel(context.Background())
	return &Outbox{transport: transport, journal: journal, ctx: ctx, stop: stop,
		lasts: map[string]chan struct{}{}, wake: make(chan struct{})}
}

// Open is how many slots are not settled yet.
func (o *Outbox) Open() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.open
}

// Begin counts a slot that is to be settled; End follows.
func (o *Outbox) Begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open++
}

// End follows Begin: it is settled, or has become a settlement.
func (o *Outbox) End() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open--
	if o.open == 0 && o.empty != nil {
		close(o.empty)
		o.empty = nil
	}
}

// Add returns when the settlement will survive a crash: at once without a journal. `done` is called when it is known, or given
// up, with what a release charged in all.
func (o *Outbox) Add(s *Settlement, done func(charged int64)) {
	o.Begin()
	// In the journal before it is sent, so that whatever was sent is known after a crash, too.
	if o.journal != nil {
		if err := o.journal.Add(s); err != nil {
			o.Unwritten(s, err)
		}
	}
	o.start(s, done)
}

// Resume takes up what an earlier process left.
func (o *Outbox) Resume(left []*Settlement) {
	for _, s := range left {
		o.Begin()
		o.start(s, func(int64) {})
	}
}

// start settles those of one lease in their order.
func (o *Outbox) start(s *Settlement, done func(int64)) {
	o.mu.Lock()
	before := o.lasts[s.lease()]
	settled := make(chan struct{})
	o.lasts[s.lease()] = settled
	o.mu.Unlock()
	go func() {
		if before != nil {
			<-before
		}
		if charged, ok := o.settle(s); ok {
			done(charged)
			o.End()
		}
		o.mu.Lock()
		if o.lasts[s.lease()] == settled {
			delete(o.lasts, s.lease())
		}
		o.mu.Unlock()
		close(settled)
	}()
}

// settle tries until it is known, or given up; false: the outbox was stopped before.
func (o *Outbox) settle(s *Settlement) (charged int64, ok bool) {
	backoff := pause.Backoff{First: 100 * time.Millisecond, Most: 30 * time.Second}
	failure := &wire.Failure{Code: codes.DeadlineExceeded, Message: "it is too old: the service may have forgotten its ids"}
	for !s.isVain() {
		if s.isTooOld() {
			o.Unsettled(s, failure)
			break
		}
		if charged, failure = once(o.ctx, o.transport, s); failure == nil {
			break
		}
		if o.ctx.Err() != nil {
			return 0, false
		}
		if !failure.Passing() && !isMendable(failure) {
			o.Unsettled(s, failure)
			break
		}
		if !o.pause(max(backoff.Next(), failure.RetryAfter)) {
			return 0, false
		}
	}
	if o.journal != nil {
		o.journal.Done(s)
	}
	return charged, true
}

// isMendable says that new credentials, or a role that is given, mend it.
func isMendable(failure *wire.Failure) bool {
	return failure.Code == codes.Unauthenticated || failure.Code == codes.PermissionDenied
}

func (o *Outbox) pause(long time.Duration) bool {
	o.mu.Lock()
	wake := o.wake
	if o.flushing > 0 {
		long = min(long, flushEvery)
	}
	o.mu.Unlock()
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-o.ctx.Done():
	}
	return o.ctx.Err() == nil
}

// Flush waits until all is settled, or the context ends. It says whether it is.
func (o *Outbox) Flush(ctx context.Context) bool {
	o.mu.Lock()
	if o.open == 0 {
		o.mu.Unlock()
		return true
	}
	o.flushing++
	close(o.wake)
	o.wake = make(chan struct{})
	if o.empty == nil {
		o.empty = make(chan struct{})
	}
	empty := o.empty
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		o.flushing--
		o.mu.Unlock()
	}()
	select {
	case <-empty:
		return true
	case <-ctx.Done():
		return false
	}
}

// Stop tries no more; what is left stays in the journal.
func (o *Outbox) Stop() { o.stop() }
