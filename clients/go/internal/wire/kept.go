package wire

import (
	"context"
	"errors"
	"fmt"
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"
)

// ErrLost says that a lease is lost: its slot may be another's already.
var ErrLost = errors.New("the slot is lost")

// Kept is a lease that is kept alive, by a session or by a heartbeat, until it is let go or lost.
type Kept struct {
	Lease *pb.Lease
	// Lost ends when the lease is lost; its cause says why.
	Lost context.Context
	lose context.CancelCauseFunc
	// held ends when it is let go or lost.
	held    context.Context
	release context.CancelFunc
	end     *time.Timer
}

func keep(lease *pb.Lease) *Kept {
	kept := &Kept{Lease: lease}
	kept.Lost, kept.lose = context.WithCancelCause(context.Background())
	kept.held, kept.release = context.WithCancel(context.Background())
	longest := max(kept.ttl(), lease.RenewableUntil.AsTime().Sub(lease.GrantedAt.AsTime()))
	kept.end = time.AfterFunc(longest, func() { kept.loseIt("it has reached its longest duration") })
	return kept
}

// ttl is how long it lives without a renewal: as time left, since this machine's clock may differ from the service's.
func (k *Kept) ttl() time.Duration { return k.Lease.ExpiresIn.AsDuration() }

func (k *Kept) loseIt(why string) {
	if k.held.Err() == nil {
		k.lose(fmt.Errorf("%w: %s", ErrLost, why))
	}
	k.LetGo()
}

// LetGo says that it is given back.
func (k *Kept) LetGo() {
	k.end.Stop()
	k.release()
}
