package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"sync"
	"time"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"
)

type event map[string]any

var speaking sync.Mutex

// say prints a line; standard output has no buffer.
func say(what event) {
	speaking.Lock()
	defer speaking.Unlock()
	_ = json.NewEncoder(os.Stdout).Encode(what)
}

var lines = bufio.NewScanner(os.Stdin)

// waitForLine goes on when a line comes in.
func waitForLine() { lines.Scan() }

// vendor answers, after a pause, unless the call is cancelled.
func vendor(ctx context.Context) (string, error) {
	select {
	case <-time.After(answerTime):
		return "an answer", nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func report(slot *arbiter.Slot) {
	slot.Report(arbiter.Usage{Input: 100, Output: 50, Model: "model-a"})
}

// answer is a slot, an answer, a report.
func (p *program) answer(ctx context.Context, request arbiter.Request) error {
	if request.Estimate == 0 {
		request.Estimate = estimate
	}
	return p.client.Do(ctx, request, func(ctx context.Context, slot *arbiter.Slot) error {
		_, err := vendor(ctx)
		if err == nil {
			report(slot)
		}
		return err
	})
}
