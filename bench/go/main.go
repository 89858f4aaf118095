// Drives load from callers who each wait for their answer, for what ghz cannot: calls that need the answer of an earlier one,
// and streams. Prints one line of JSON.
package main

//go:generate ../../node_modules/.bin/buf generate

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

type options struct {
	mode      string
	addresses []string
	callers   int
	duration  time.Duration
	budget    string
	budgets   int
	run       string
	window    int
}

// budgetOf deals the callers out among the budgets; a single one has no number.
func (o options) budgetOf(number int) string {
	if o.budgets == 1 {
		return o.budget
	}
	return fmt.Sprintf("%s-%d", o.budget, number%o.budgets)
}

type driver func(options, []*grpc.ClientConn) ([]*caller, error)

var drivers = map[string]driver{"cycle": cycles, "record": records, "session": sessions, "echo-stream": echoStreams}

func main() {
	o := parse()
	drive, known := drivers[o.mode]
	if !known {
		log.Fatalf("-mode %q is not known", o.mode)
	}
	conns := make([]*grpc.ClientConn, 0, len(o.addresses))
	for _, address := range o.addresses {
		conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			log.Fatal(err)
		}
		defer conn.Close()
		conns = append(conns, conn)
	}
	started := time.Now()
	callers, err := drive(o, conns)
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(summarise(callers, time.Since(started))); err != nil {
		log.Fatal(err)
	}
}

func parse() options {
	var o options
	var addresses string
	flag.StringVar(&o.mode, "mode", "cycle", "what to drive: cycle, record, session, echo-stream")
	flag.StringVar(&addresses, "addresses", "127.0.0.1:50051", "where the service listens, with commas between its replicas")
	flag.IntVar(&o.callers, "callers", 64, "how many call at once")
	flag.DurationVar(&o.duration, "duration", 3*time.Second, "for how long")
	flag.StringVar(&o.budget, "budget", "bench", "the budget, or the first part of the names of several")
	flag.IntVar(&o.budgets, "budgets", 1, "how many budgets; the callers are dealt out among them")
	flag.StringVar(&o.run, "run", "run", "makes the ids of this run differ from those of others")
	flag.IntVar(&o.window, "window", 64, "how many messages of a stream are under way at once")
	flag.Parse()
	o.addresses = strings.Split(addresses, ",")
	return o
}
