// The scenarios of clients/scenarios.md: each says line by line what happened.
package main

import (
	"context"
	"log"
	"os"
	"time"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"
)

const (
	estimate   = 1000
	closeTime  = 10 * time.Second
	answerTime = 20 * time.Millisecond
)

type program struct {
	client *arbiter.Client
	ai     string
}

var scenarios = map[string]func(*program, context.Context) error{
	"call":            (*program).call,
	"killed-service":  (*program).killedService,
	"killed-client":   (*program).killedClient,
	"cancelled":       (*program).cancelled,
	"interrupted":     (*program).interrupted,
	"crowd":           (*program).crowd,
	"left-stream":     (*program).leftStream,
	"error":           (*program).errors,
	"denied-for-good": (*program).deniedForGood,
	"denied-for-now":  (*program).deniedForNow,
	"paused":          (*program).deniedForNow,
	"turned-away":     (*program).turnedAway,
	"token":           (*program).token,
	"replicas":        (*program).replicas,
	"fail-open":       (*program).failOpen,
	"fail-open-lost":  (*program).failOpenLost,
	"journal":         (*program).journal,
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 || scenarios[os.Args[1]] == nil {
		log.Fatalf("usage: %s SCENARIO, one of clients/scenarios.md", os.Args[0])
	}
	options := []arbiter.Option{arbiter.WithPatience(30 * time.Second)}
	if path := os.Getenv("JOURNAL"); path != "" {
		options = append(options, arbiter.WithJournal(path))
	}
	client, err := arbiter.FromEnv(options...)
	if err != nil {
		log.Fatal(err)
	}
	run := &program{client: client, ai: os.Getenv("BUDGET_ARBITER_AI")}
	if err := scenarios[os.Args[1]](run, context.Background()); err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	if err := client.Close(ctx); err != nil {
		log.Print(err)
	}
	say(event{"event": "closed", "unsettled": client.Unsettled()})
}
