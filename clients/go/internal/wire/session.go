package wire

import (
	"context"
	"sync"
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"

	"google.golang.org/grpc/codes"

	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/pause"
)

const (
	// A session can be taken up in so many budgets.
	mostBudgets = 17
	// So that a process whose work is done leaves nothing behind.
	idleTime = time.Second
)

// session is that of this process on one replica, over however many streams. The service keeps its leases alive while the
// stream lives; when it breaks, the session is taken up again, on whatever replica answers. A call that a break left open fails,
// and is asked again by whoever made it, with the same ids.
type session struct {
	host *Sessions
	// life ends when it is closed.
	life context.Context
	die  context.CancelFunc

	mu       sync.Mutex
	address  Address
	id       string
	stream   *stream
	opening  *opening
	budgets  map[string]bool
	kept     map[string]*Kept
	takingUp bool
	underWay int
	idle     *time.Timer
	closed   bool
}

// opening is a stream that is not open yet. Done is closed when it is, or has failed.
type opening struct {
	budgetID string
	done     chan struct{}
	stream   *stream
	failure  *Failure
}

// pending is a call that was sent.
type pending struct {
	asked
	stream *stream
}

// begin sends a call, once the session is open.
func (s *session) begin(ctx context.Context, budgetID string, request *pb.SessionRequest, tooLate <-chan time.Time) (pending, *Failure) {
	stream, failure := s.opened(ctx, budgetID, tooLate)
	if failure != nil {
		return pending{}, failure
	}
	s.mu.Lock()
	s.budgets[budgetID] = true
	s.mu.Unlock()
	return pending{stream.send(request), stream}, nil
}

// answer is that of a call that was begun.
func (p pending) answer(ctx context.Context, tooLate <-chan time.Time) (*pb.SessionResponse, *Failure) {
	answer, failure := p.stream.answerTo(ctx, p.asked, tooLate)
	if failure != nil && failure == p.stream.failureIfOver() {
		// Its end says nothing of a call: the next stream tells whether we may go on.
		failure = unavailable("the session broke: %s", failure.Message)
	}
	return answer, failure
}

func (s *stream) failureIfOver() *Failure {
	if s.isOver() {
		return s.failure
	}
	return nil
}

func newSession(host *Sessions, address Address) *session {
	life, die := context.WithCancel(context.Background())
	return &session{host: host, life: life, die: die, address: address, budgets: map[string]bool{}, kept: map[string]*Kept{}}
}

// takes reserves it for a call to the budget, if it has room; `end` follows.
func (s *session) takes(address Address, budgetID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.address != address || (!s.budgets[budgetID] && len(s.budgets) >= mostBudgets) {
		return false
	}
	s.reserve()
	return true
}

// carries reserves it for a call about the lease, if it has that and an open stream; `end` follows.
func (s *session) carries(leaseID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.stream == nil || s.kept[leaseID] == nil {
		return false
	}
	s.reserve()
	return true
}

func (s *session) reserve() {
	s.underWay++
	s.stayOpen()
}

// end follows a call, whatever became of it.
func (s *session) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.underWay--
	s.closeIfIdle()
}

// keep has the lease kept alive from its grant on.
func (s *session) keep(lease *Kept) {
	id := lease.Lease.LeaseId
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept[id] = lease
	s.stayOpen()
	context.AfterFunc(lease.held, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.kept, id)
		s.closeIfIdle()
	})
	// The stream that it was granted on may have ended since.
	if s.stream == nil {
		s.startTakingUp()
	}
}

// opened is its stream, which is opened if need be.
func (s *session) opened(ctx context.Context, budgetID string, tooLate <-chan time.Time) (*stream, *Failure) {
	for {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			return nil, unavailable("the session was closed")
		}
		if s.stream != nil && !s.stream.isOver() {
			defer s.mu.Unlock()
			return s.stream, nil
		}
		if s.opening == nil {
			s.opening = &opening{budgetID: budgetID, done: make(chan struct{})}
			go s.open(s.opening)
		}
		opening := s.opening
		s.mu.Unlock()
		select {
		case <-opening.done:
		case <-tooLate:
			return nil, late()
		case <-ctx.Done():
			return nil, interrupted
		}
		// A budget that is not there, or not for us, is that budget's trouble alone.
		isOthers := opening.failure != nil && opening.budgetID != budgetID && !opening.failure.Passing()
		if !isOthers {
			return opening.stream, opening.failure
		}
	}
}

func (s *session) open(opening *opening) {
	stream, opened, failure := s.tryToOpen(opening.budgetID)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opening = nil
	opening.stream, opening.failure = stream, failure
	close(opening.done)
	if failure != nil {
		s.closeIfIdle()
		return
	}
	s.id = opened.SessionId
	s.stream = stream
	there := map[string]bool{}
	for _, lease := range opened.Leases {
		there[lease.LeaseId] = true
	}
	for id, kept := range s.kept {
		if !there[id] {
			go kept.loseIt("it ended before its session came back")
		}
	}
	if s.closed {
		stream.end()
	}
	go func() {
		<-stream.ended
		s.ended(stream)
	}()
}

func (s *session) tryToOpen(budgetID string) (*stream, *pb.SessionOpened, *Failure) {
	replica, failure := s.host.replicas.of(budgetID)
	if failure != nil {
		return nil, nil, failure
	}
	open := &pb.OpenSession{BudgetId: budgetID}
	s.mu.Lock()
	s.address = replica.address
	if s.id != "" {
		open.SessionId = &s.id
		open.OtherBudgetIds = s.budgetsOfLeases(budgetID)
	}
	s.mu.Unlock()
	stream, opened, failure := openStream(replica, open, s.host.timeout)
	switch {
	case failure == nil:
		s.host.replicas.Addresses.MarkUp(replica.address)
	case failure.Away():
		s.host.replicas.Addresses.MarkDown(replica.address)
	}
	return stream, opened, failure
}

func (s *session) budgetsOfLeases(but string) []string {
	seen := map[string]bool{but: true}
	var others []string
	for _, kept := range s.kept {
		if id := kept.Lease.BudgetId; !seen[id] {
			seen[id] = true
			others = append(others, id)
		}
	}
	return others
}

func (s *session) ended(stream *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stream != s.stream {
		return
	}
	s.stream = nil
	clear(s.budgets)
	for _, kept := range s.kept {
		s.budgets[kept.Lease.BudgetId] = true
	}
	// Nobody can take up what another stream of ours has.
	if stream.failure.Code == codes.Aborted {
		s.id = ""
	}
	switch {
	case s.closed:
	case len(s.kept) > 0:
		s.startTakingUp()
	default:
		s.closeIfIdle()
	}
}

func (s *session) startTakingUp() {
	if !s.takingUp && !s.closed {
		s.takingUp = true
		go s.takeUp()
	}
}

// takeUp opens it again. Its leases live on for a grace, or for their time where the replica died; then they are lost.
func (s *session) takeUp() {
	backoff := pause.Backoff{First: 100 * time.Millisecond, Most: time.Second}
	since := time.Now()
	for {
		s.mu.Lock()
		var any *Kept
		for _, any = range s.kept {
			break
		}
		if any == nil || s.closed || s.stream != nil {
			s.takingUp = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		_, failure := s.opened(s.life, any.Lease.BudgetId, nil)
		if failure == nil {
			continue
		}
		s.loseOlderThan(time.Since(since), failure)
		pause.For(s.life, backoff.Next())
	}
}

func (s *session) loseOlderThan(passed time.Duration, failure *Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, kept := range s.kept {
		if passed >= kept.ttl() {
			go kept.loseIt("its session could not be taken up again: " + failure.Error())
		}
	}
}

// close ends it, and with it what it keeps.
func (s *session) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeNow()
}

func (s *session) closeNow() {
	if s.closed {
		return
	}
	s.closed = true
	s.die()
	s.stayOpen()
	if s.stream != nil {
		go s.stream.end()
	}
	s.host.forget(s)
}

func (s *session) stayOpen() {
	if s.idle != nil {
		s.idle.Stop()
		s.idle = nil
	}
}

func (s *session) closeIfIdle() {
	if s.underWay > 0 || len(s.kept) > 0 || s.closed || s.idle != nil {
		return
	}
	s.idle = time.AfterFunc(idleTime, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.underWay == 0 && len(s.kept) == 0 && s.idle != nil {
			s.closeNow()
		}
	})
}
