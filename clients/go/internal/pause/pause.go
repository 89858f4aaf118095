// Package pause waits: for a time that a context may cut short, and between tries.
package pause

import (
	"context"
	"math/rand/v2"
	"time"
)

// For waits that long, or until the context ends. It says whether the time has passed.
func For(ctx context.Context, long time.Duration) bool {
	if long <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Backoff doubles from try to try, and spreads, so that many clients do not come back in step.
type Backoff struct {
	First, Most time.Duration
	next        time.Duration
}

// Next is how long to wait before the next try.
func (b *Backoff) Next() time.Duration {
	long := max(b.next, b.First)
	b.next = min(2*long, b.Most)
	return long/2 + rand.N(long/2+1)
}

// Reset begins anew, after a try that did.
func (b *Backoff) Reset() { b.next = 0 }
