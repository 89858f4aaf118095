package arbitertest_test

import (
	"context"
	"testing"
	"time"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"
	"github.com/budget-arbiter/budget-arbiter/clients/go/arbitertest"
)

// summary is a program under test.
func summary(client *arbiter.Client) error {
	return client.Do(context.Background(), arbiter.Request{Estimate: 3000, Patience: 5 * time.Second},
		func(_ context.Context, slot *arbiter.Slot) error {
			slot.Report(arbiter.Usage{Input: 100, Output: 50, Model: "model-a"})
			return nil
		})
}

func TestWhatAProgramSpends(t *testing.T) {
	fake := arbitertest.New(t)
	if err := summary(fake.Client); err != nil {
		t.Fatal(err)
	}
	slots := fake.Slots()
	if len(slots) != 1 || slots[0].Budget != "budget" || slots[0].AI != "ai" || slots[0].Estimate != 3000 || slots[0].Rest != "FREE" ||
		!slots[0].Leased || slots[0].Reports[0] != (arbiter.Usage{Input: 100, Output: 50, Model: "model-a"}) {
		t.Error(slots)
	}
}
