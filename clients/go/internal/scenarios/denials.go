package main

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"time"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"
)

func (p *program) deniedForGood(ctx context.Context) error {
	return sayDenied(p.answer(ctx, arbiter.Request{Estimate: 1_000_000_000}))
}

func (p *program) deniedForNow(ctx context.Context) error {
	return sayDenied(p.answer(ctx, arbiter.Request{Patience: arbiter.None}))
}

func sayDenied(err error) error {
	var denied *arbiter.Denied
	if !errors.As(err, &denied) {
		return errors.Join(errors.New("not denied"), err)
	}
	answer := denied.ToHTTP()
	line := event{"event": "denied", "permanent": denied.Permanent, "status": answer.Status, "rules": denied.Rules}
	for name, header := range map[string]string{"retry_after": "Retry-After", "should_retry": "X-Should-Retry"} {
		if value := answer.Header.Get(header); value != "" {
			line[name] = value
		}
	}
	say(line)
	return nil
}

func (p *program) turnedAway(ctx context.Context) error {
	err := p.answer(ctx, arbiter.Request{Patience: time.Second})
	var refused *arbiter.Refused
	var unavailable *arbiter.Unavailable
	switch {
	case errors.As(err, &refused):
		say(event{"event": "refused", "code": screaming(refused.Code)})
	case errors.As(err, &unavailable):
		say(event{"event": "unavailable"})
	default:
		return errors.Join(errors.New("not turned away"), err)
	}
	return nil
}

// screaming is the name of a gRPC code as other languages write it.
func screaming(code string) string {
	return strings.ToUpper(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(code, "${1}_$2"))
}

// tally counts what became of the calls of a crowd, and how many slots were held at once.
type tally struct {
	sync.Mutex
	answers, denials, held, most int
}

func (t *tally) add(held int) {
	t.Lock()
	defer t.Unlock()
	t.held += held
	t.most = max(t.most, t.held)
}

func (p *program) crowd(ctx context.Context) error {
	var all tally
	var calls sync.WaitGroup
	for range 200 {
		calls.Add(1)
		go func() {
			defer calls.Done()
			request := arbiter.Request{Estimate: estimate, Patience: time.Minute}
			err := p.client.Do(ctx, request, func(ctx context.Context, slot *arbiter.Slot) error {
				all.add(1)
				defer all.add(-1)
				_, err := vendor(ctx)
				report(slot)
				return err
			})
			all.Lock()
			defer all.Unlock()
			if err == nil {
				all.answers++
			} else {
				all.denials++
			}
		}()
	}
	calls.Wait()
	say(event{"event": "crowd", "answers": all.answers, "denials": all.denials, "most": all.most})
	return nil
}
