//go:build go1.25

package arbiter_test

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"
	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/fakeserver"
)

var request = arbiter.Request{Budget: "shared", AI: "guardian", Estimate: 1000}

var spent = arbiter.Usage{Input: 100, Output: 50, Model: "model-a"}

// world is a service and a client of it, in a time that passes only when both wait.
type world struct {
	*testing.T
	server *fakeserver.Server
	client *arbiter.Client
}

func inWorld(t *testing.T, test func(w *world), options ...arbiter.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, server: fakeserver.New()}
		defer w.server.Stop()
		w.client = w.newClient(options...)
		defer w.close(w.client, 10*time.Second)
		test(w)
	})
}

func (w *world) newClient(options ...arbiter.Option) *arbiter.Client {
	w.Helper()
	quiet := arbiter.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))
	dial := arbiter.WithDialOptions(w.server.DialOptions()...)
	client, err := arbiter.New("127.0.0.1:1", append([]arbiter.Option{dial, quiet}, options...)...)
	if err != nil {
		w.Fatal(err)
	}
	return client
}

func (w *world) close(client *arbiter.Client, long time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), long)
	defer cancel()
	return client.Close(ctx)
}

// settled are the books once everything is known.
func (w *world) settled() []fakeserver.Booked {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if !w.client.Flush(ctx) {
		w.Fatal("not settled within a minute")
	}
	return w.server.Books()
}

// one are the books of one slot.
func (w *world) one() fakeserver.Booked {
	w.Helper()
	all := w.settled()
	if len(all) != 1 {
		w.Fatalf("%d slots in the books, not 1: %v", len(all), all)
	}
	return all[0]
}

func reports(_ context.Context, slot *arbiter.Slot) error {
	slot.Report(spent)
	return nil
}

func (w *world) do(work func(context.Context, *arbiter.Slot) error) error {
	return w.client.Do(context.Background(), request, work)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}
