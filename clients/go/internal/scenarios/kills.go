package main

import (
	"context"
	"os"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"
)

func (p *program) call(ctx context.Context) error {
	if err := p.answer(ctx, arbiter.Request{}); err != nil {
		return err
	}
	say(event{"event": "answer"})
	return nil
}

// held holds a slot until a line comes in, then answers.
func (p *program) held(ctx context.Context) error {
	err := p.client.Do(ctx, arbiter.Request{Estimate: estimate}, func(ctx context.Context, slot *arbiter.Slot) error {
		say(event{"event": "holding"})
		waitForLine()
		// The vendor answers whatever becomes of the slot.
		_, err := vendor(context.WithoutCancel(ctx))
		report(slot)
		return err
	})
	if err != nil {
		return err
	}
	say(event{"event": "answer"})
	return nil
}

func (p *program) killedService(ctx context.Context) error {
	if err := p.held(ctx); err != nil {
		return err
	}
	waitForLine()
	return nil
}

func (p *program) killedClient(ctx context.Context) error { return p.held(ctx) }

func (p *program) journal(ctx context.Context) error {
	if os.Getenv("JOURNAL_RUN") == "2" {
		return nil
	}
	if err := p.held(ctx); err != nil {
		return err
	}
	waitForLine()
	return nil
}

func (p *program) token(ctx context.Context) error {
	if err := p.call(ctx); err != nil {
		return err
	}
	waitForLine()
	return p.call(ctx)
}

func (p *program) replicas(ctx context.Context) error {
	for round := range 2 {
		if round > 0 {
			waitForLine()
		}
		for range 10 {
			if err := p.call(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *program) failOpen(ctx context.Context) error {
	if err := p.unleased(ctx, arbiter.Request{Estimate: estimate}); err != nil {
		return err
	}
	waitForLine()
	return nil
}

func (p *program) failOpenLost(ctx context.Context) error {
	if err := p.call(ctx); err != nil {
		return err
	}
	waitForLine()
	if err := p.unleased(ctx, arbiter.Request{Estimate: estimate, Wait: arbiter.None}); err != nil {
		return err
	}
	waitForLine()
	return nil
}

// unleased says whether it had a slot.
func (p *program) unleased(ctx context.Context, request arbiter.Request) error {
	leased := true
	err := p.client.Do(ctx, request, func(ctx context.Context, slot *arbiter.Slot) error {
		leased = slot.Lease() != nil
		_, err := vendor(ctx)
		report(slot)
		return err
	})
	if err == nil {
		say(event{"event": "answer", "leased": leased})
	}
	return err
}
