// What a slot costs beside the call: the time of Do with nothing in it, and of a bare call of gRPC in the same run.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net"
	"os"
	"slices"
	"time"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

const (
	warm     = 500
	measured = 3000
)

func main() {
	ctx := context.Background()
	client, err := arbiter.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close(ctx)
	echo, end := bareCall()
	defer end()
	slot := func() error {
		return client.Do(ctx, arbiter.Request{Estimate: 100}, func(_ context.Context, slot *arbiter.Slot) error {
			slot.Report(arbiter.Usage{Input: 10, Output: 5, Model: "model-a"})
			return nil
		})
	}
	// In turns, so that what else the machine does is the same for both.
	var slots, echoes []time.Duration
	for i := range warm + measured {
		took, bare := timed(slot), timed(echo)
		if i >= warm {
			slots, echoes = append(slots, took), append(echoes, bare)
		}
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{
		"slot_p50_us": middle(slots).Microseconds(), "echo_p50_us": middle(echoes).Microseconds(), "slots": measured,
	})
}

// bareCall is one of gRPC's own health service, in this process over TCP.
func bareCall() (call func() error, end func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	healthpb.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	client := healthpb.NewHealthClient(conn)
	return func() error {
		_, err := client.Check(context.Background(), &healthpb.HealthCheckRequest{})
		return err
	}, server.Stop
}

func timed(call func() error) time.Duration {
	began := time.Now()
	if err := call(); err != nil {
		log.Fatal(err)
	}
	return time.Since(began)
}

func middle(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
