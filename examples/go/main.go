// A small AI: makes some simulated LLM calls, each in a slot of its own, and prints one JSON line for each.
package main

//go:generate ../../node_modules/.bin/buf generate

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"os/signal"
	"strconv"
	"time"

	budgetarbiterv1 "budgetarbiter/gen/v1"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
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

	// Without it, a client that found the service away may take two minutes to look again.
	reconnect := grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: time.Second}
	reconnect.Backoff.MaxDelay = 2 * time.Second
	conn, err := grpc.NewClient(env("ARBITER_ADDRESS", "127.0.0.1:50051"),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithConnectParams(reconnect))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	client := budgetarbiterv1.NewBudgetServiceClient(conn)

	request := SlotRequest{
		BudgetID:        env("BUDGET_ID", "anthropic"),
		AIID:            env("AI_ID", "go-ai"),
		EstimatedTokens: number("TOKENS", 200),
		Wait:            time.Duration(number("WAIT_SECONDS", 10)) * time.Second,
		Patience:        time.Duration(number("PATIENCE_SECONDS", 600)) * time.Second,
	}
	for range number("CALLS", 1) {
		if err := work(ctx, client, request); err != nil {
			log.Fatal(err)
		}
	}
}

// work makes two model calls in one slot, a draft and its revision, and prints what they cost.
func work(ctx context.Context, client budgetarbiterv1.BudgetServiceClient, request SlotRequest) error {
	tokens := request.EstimatedTokens
	settled, err := WithSlot(ctx, client, request, func(ctx context.Context, slot *Slot) error {
		draft, err := callModel(ctx, tokens-tokens/2)
		if err != nil {
			return err
		}
		if _, err := slot.Record(draft); err != nil {
			return err
		}
		slot.FinalUsage, err = callModel(ctx, tokens/2)
		return err
	})
	if err != nil {
		return err
	}
	lease := settled.Lease
	return json.NewEncoder(os.Stdout).Encode(
		line{request.AIID, lease.LeaseId, lease.Fence, settled.UsedTokens, settled.DeniedRules})
}

// callModel stands for a call of a model's API: takes its time, ends early when the lease is lost, tells what it spent.
func callModel(ctx context.Context, budgeted int64) (*budgetarbiterv1.Usage, error) {
	if err := sleep(ctx, 100*time.Millisecond); err != nil {
		return nil, err
	}
	spent := &budgetarbiterv1.TokenCounts{InputTokens: budgeted - budgeted/2, OutputTokens: budgeted / 2}
	return &budgetarbiterv1.Usage{Model: "simulated", Tokens: spent}, nil
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
