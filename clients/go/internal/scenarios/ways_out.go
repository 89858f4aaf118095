package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/signal"
	"time"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"
)

func (p *program) cancelled(ctx context.Context) error {
	holder := arbiter.Request{AI: p.ai + "-holder", Estimate: estimate}
	err := p.client.Do(ctx, holder, func(_ context.Context, slot *arbiter.Slot) error {
		waiting, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		if err := p.expectCancelled(p.answer(waiting, arbiter.Request{}), "wait"); err != nil {
			return err
		}
		report(slot)
		return nil
	})
	if err != nil {
		return err
	}
	inCall := func(ctx context.Context, slot *arbiter.Slot) error {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		_, err := vendor(ctx)
		return err
	}
	if err := p.expectCancelled(p.client.Do(ctx, arbiter.Request{Estimate: estimate}, inCall), "call"); err != nil {
		return err
	}
	reported := func(ctx context.Context, slot *arbiter.Slot) error {
		ctx, cancel := context.WithCancel(ctx)
		report(slot)
		cancel()
		_, err := vendor(ctx)
		return err
	}
	return p.expectCancelled(p.client.Do(ctx, arbiter.Request{Estimate: estimate}, reported), "reported")
}

func (p *program) expectCancelled(err error, during string) error {
	if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return errors.Join(errors.New("not cancelled during "+during), err)
	}
	say(event{"event": "cancelled", "during": during})
	return nil
}

// interrupted is stopped by a Ctrl-C in the vendor's call.
func (p *program) interrupted(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	err := p.client.Do(ctx, arbiter.Request{Estimate: estimate}, func(ctx context.Context, _ *arbiter.Slot) error {
		say(event{"event": "holding"})
		select {
		case <-time.After(20 * time.Second):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if !errors.Is(err, context.Canceled) {
		return errors.Join(errors.New("not stopped"), err)
	}
	say(event{"event": "stopped"})
	return nil
}

// leftStream reads half of a stream of the vendor, then goes.
func (p *program) leftStream(ctx context.Context) error {
	err := p.client.Do(ctx, arbiter.Request{Estimate: estimate}, func(ctx context.Context, _ *arbiter.Slot) error {
		for range 2 {
			if _, err := vendor(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	say(event{"event": "left"})
	return nil
}

type vendorError struct{ StatusCode int }

func (e *vendorError) Error() string { return "the vendor failed" }

func (p *program) errors(ctx context.Context) error {
	for _, call := range []func(context.Context) error{
		func(context.Context) error { return &vendorError{StatusCode: 500} },
		func(ctx context.Context) error {
			// Nobody listens on a port that was given back.
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return nil
			}
			_ = listener.Close()
			_, err = (&net.Dialer{}).DialContext(ctx, "tcp", listener.Addr().String())
			return err
		},
	} {
		err := p.client.Do(ctx, arbiter.Request{Estimate: estimate}, func(ctx context.Context, _ *arbiter.Slot) error {
			return call(ctx)
		})
		if err == nil {
			return errors.New("the vendor's error was lost")
		}
		say(event{"event": "error"})
	}
	return nil
}
