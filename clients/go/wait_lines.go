package arbiter

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Of an AI so many of this process's calls wait in the service; it takes 100, and this AI may have other processes.
const mostInService = 50

// waitLines are the waits of each AI on each budget: some in the service, the others here, first come first served.
type waitLines struct {
	mu    sync.Mutex
	lines map[lineOf]*line
}

type lineOf struct{ budget, ai string }

type line struct {
	inService int
	waiting   []chan struct{}
}

// enter returns what gives the place back; false if the context or the time ends before there is one.
func (w *waitLines) enter(ctx context.Context, of lineOf, long time.Duration) (leave func(), ok bool) {
	w.mu.Lock()
	here := w.lines[of]
	if here == nil {
		here = &line{}
		w.lines[of] = here
	}
	leave = sync.OnceFunc(func() { w.leave(of, here) })
	if here.inService < mostInService {
		here.inService++
		w.mu.Unlock()
		return leave, true
	}
	turn := make(chan struct{})
	here.waiting = append(here.waiting, turn)
	w.mu.Unlock()
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-turn:
		return leave, true
	case <-timer.C:
	case <-ctx.Done():
	}
	w.mu.Lock()
	at := slices.Index(here.waiting, turn)
	if at >= 0 {
		here.waiting = slices.Delete(here.waiting, at, at+1)
	}
	w.mu.Unlock()
	if at < 0 {
		leave() // Its turn came at this very moment.
	}
	return nil, false
}

func (w *waitLines) leave(of lineOf, here *line) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(here.waiting) > 0 {
		// Its place goes to the next, so nobody comes between.
		close(here.waiting[0])
		here.waiting = here.waiting[1:]
		return
	}
	here.inService--
	if here.inService == 0 {
		delete(w.lines, of)
	}
}
