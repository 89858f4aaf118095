package wire

import (
	"context"
	"sync"
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"
)

// stream is one stream of a session, from its `open` to its end. Calls are answered in any order; those that are open when it
// ends fail.
type stream struct {
	replica *replica
	calls   pb.BudgetService_SessionClient
	cancel  context.CancelFunc
	// ended is closed when it has ended, and failure says why.
	ended   chan struct{}
	failure *Failure

	sending sync.Mutex
	mu      sync.Mutex
	asked   map[uint32]chan *pb.SessionResponse
	lastTag uint32
}

// openStream opens one, and says what the service answered.
func openStream(replica *replica, open *pb.OpenSession, long time.Duration) (*stream, *pb.SessionOpened, *Failure) {
	ctx, cancel := context.WithCancel(context.Background())
	out, failure := replica.outgoing(ctx, open.BudgetId)
	if failure != nil {
		cancel()
		return nil, nil, failure
	}
	// Where there is no connection this waits for one.
	giveUp := time.AfterFunc(long, cancel)
	calls, err := replica.client.Session(out)
	if err != nil {
		cancel()
		return nil, nil, openFailure(failureOf(err), giveUp, replica)
	}
	made := &stream{replica: replica, calls: calls, cancel: cancel, ended: make(chan struct{}),
		asked: map[uint32]chan *pb.SessionResponse{}}
	go made.read()
	answer, failure := made.answerTo(context.Background(), made.send(&pb.SessionRequest{Call: &pb.SessionRequest_Open{Open: open}}), nil)
	opened := answer.GetOpened()
	if failure == nil && opened == nil {
		failure = unavailable("the service did not open the session")
	}
	if failure != nil {
		cancel()
		return nil, nil, openFailure(failure, giveUp, replica)
	}
	if !giveUp.Stop() {
		return nil, nil, openFailure(nil, giveUp, replica)
	}
	return made, opened, nil
}

// openFailure tells a stream that was late from one that was refused.
func openFailure(failure *Failure, giveUp *time.Timer, replica *replica) *Failure {
	if giveUp.Stop() {
		return failure
	}
	return unavailable("%s did not open a session in time", replica.address.Name)
}

func (s *stream) read() {
	for {
		answer, err := s.calls.Recv()
		if err != nil {
			s.failure = failureOf(err)
			close(s.ended)
			s.cancel()
			return
		}
		s.mu.Lock()
		waiting := s.asked[answer.Tag]
		delete(s.asked, answer.Tag)
		s.mu.Unlock()
		if waiting != nil {
			waiting <- answer
		}
	}
}

// asked is a call that is not answered yet.
type asked struct {
	tag    uint32
	answer chan *pb.SessionResponse
}

func (s *stream) send(request *pb.SessionRequest) asked {
	call := asked{answer: make(chan *pb.SessionResponse, 1)}
	s.mu.Lock()
	s.lastTag++
	call.tag = s.lastTag
	s.asked[call.tag] = call.answer
	s.mu.Unlock()
	request.Tag = call.tag
	s.sending.Lock()
	defer s.sending.Unlock()
	// That it could not be sent is told by the end of the stream.
	_ = s.calls.Send(request)
	return call
}

// answerTo waits for it; a nil channel never says that it is late.
func (s *stream) answerTo(ctx context.Context, call asked, tooLate <-chan time.Time) (*pb.SessionResponse, *Failure) {
	select {
	case answer := <-call.answer:
		return told(answer)
	case <-s.ended:
	case <-tooLate:
		s.forget(call)
		return nil, late()
	case <-ctx.Done():
		return nil, interrupted
	}
	select {
	case answer := <-call.answer:
		return told(answer)
	default:
		return nil, s.failure
	}
}

func (s *stream) forget(call asked) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.asked, call.tag)
}

func told(answer *pb.SessionResponse) (*pb.SessionResponse, *Failure) {
	if failed := answer.GetFailed(); failed != nil {
		return nil, failureFrom(failed)
	}
	return answer, nil
}

func (s *stream) isOver() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// end says that there is nothing more to say: leases that are left begin their grace.
func (s *stream) end() {
	s.sending.Lock()
	defer s.sending.Unlock()
	_ = s.calls.CloseSend()
}
