// A small AI: makes some simulated LLM calls, in slots of its own, and prints one JSON line for each slot.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"os/signal"
	"strconv"
	"time"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"
)

type line struct {
	AI          string   `json:"ai"`
	LeaseID     string   `json:"lease_id"`
	Fence       int64    `json:"fence"`
	Charged     int64    `json:"charged"`
	DeniedFirst []string `json:"denied_first,omitempty"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	client, err := arbiter.New(env("ARBITER_ADDRESS", "127.0.0.1:50051"),
		arbiter.WithBudget(env("BUDGET_ID", "anthropic")), arbiter.WithAI(env("AI_ID", "go-ai")),
		arbiter.WithWait(seconds("WAIT_SECONDS", 10)), arbiter.WithPatience(seconds("PATIENCE_SECONDS", 600)))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close(context.Background())
	tokens := number("TOKENS", 200)
	for range number("CALLS", 1) {
		var held *arbiter.Slot
		err := client.Do(ctx, arbiter.Request{Estimate: tokens}, func(ctx context.Context, slot *arbiter.Slot) error {
			held = slot
			draft, err := callModel(ctx, tokens-tokens/2)
			slot.ReportAnswer(draft)
			if err != nil {
				return err
			}
			revision, err := callModel(ctx, tokens/2)
			slot.ReportAnswer(revision)
			return err
		})
		if err != nil {
			log.Fatal(err)
		}
		// The budget is told in the background. An AI need not wait for that; these lines say what was charged.
		client.Flush(ctx)
		lease := held.Lease()
		_ = json.NewEncoder(os.Stdout).Encode(line{held.AI(), lease.LeaseId, lease.Fence, held.Charged(), held.DeniedRules()})
	}
}

// callModel stands for a call of a model's API: takes its time, ends early when the slot is lost, tells what it spent.
func callModel(ctx context.Context, budgeted int64) (map[string]any, error) {
	select {
	case <-time.After(100 * time.Millisecond):
		usage := map[string]int64{"input_tokens": budgeted - budgeted/2, "output_tokens": budgeted / 2}
		return map[string]any{"model": "simulated", "usage": usage}, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func env(name, otherwise string) string {
	if value, ok := os.LookupEnv(name); ok {
		return value
	}
	return otherwise
}

func number(name string, otherwise int64) int64 {
	value, err := strconv.ParseInt(env(name, strconv.FormatInt(otherwise, 10)), 10, 64)
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	return value
}

// seconds of 0 are none at all.
func seconds(name string, otherwise int64) time.Duration {
	if value := number(name, otherwise); value > 0 {
		return time.Duration(value) * time.Second
	}
	return arbiter.None
}
