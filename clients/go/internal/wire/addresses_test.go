package wire

import (
	"context"
	"errors"
	"testing"
	"time"
)

// The same as in the other languages, so that all processes of a budget ask one replica.
func TestABudgetHasOneAddress(t *testing.T) {
	addresses := NewAddresses([]string{"10.0.0.1", "http://10.0.0.2:50051/", " 10.0.0.3:50051"})
	for budget, order := range orders {
		t.Run(budget, func(t *testing.T) {
			for _, want := range order {
				got := addresses.Pick(budget)
				if got.Name != want {
					t.Errorf("%s, not %s", got.Name, want)
				}
				addresses.MarkDown(got)
			}
			for _, want := range order {
				addresses.MarkUp(Address{Name: want})
			}
			if got := addresses.Pick(budget).Name; got != order[0] {
				t.Errorf("%s, not %s, though it is up again", got, order[0])
			}
		})
	}
}

func TestAnAddressThatIsAloneIsAlwaysTried(t *testing.T) {
	addresses := NewAddresses([]string{"[::1]:7"})
	for range 3 {
		if got := addresses.Pick("shared").Name; got != "[::1]:7" {
			t.Error(got)
		}
		addresses.MarkDown(Address{Name: "[::1]:7"})
	}
}

func TestANameMayStandForSeveral(t *testing.T) {
	for name, test := range map[string]struct {
		found []string
		err   error
		want  []Address
	}{
		"several": {found: []string{"10.0.0.2", "10.0.0.1", "fd00::1", "10.0.0.1"}, want: []Address{
			{"10.0.0.1:7", "arbiter.internal:7"}, {"10.0.0.2:7", "arbiter.internal:7"}, {"[fd00::1]:7", "arbiter.internal:7"},
		}},
		"one":    {found: []string{"10.0.0.2"}, want: []Address{{"arbiter.internal:7", ""}}},
		"nobody": {err: errors.New("no such host"), want: []Address{{"arbiter.internal:7", ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			addresses := NewAddresses([]string{"dns:///arbiter.internal:7"})
			addresses.lookUp = func(context.Context, string) ([]string, error) { return test.found, test.err }
			addresses.Pick("shared")
			for i, each := range addresses.all {
				if each.Address != test.want[i] || len(addresses.all) != len(test.want) {
					t.Errorf("%v, not %v", each.Address, test.want[i])
				}
			}
		})
	}
}

func TestNamesAreLookedUpAgain(t *testing.T) {
	addresses := NewAddresses([]string{"arbiter.internal"})
	looked := make(chan string, 10)
	addresses.lookUp = func(_ context.Context, host string) ([]string, error) {
		looked <- host
		return []string{"10.0.0.1", "10.0.0.2"}, nil
	}
	pick := func(age time.Duration) {
		addresses.mu.Lock()
		addresses.lookedUpAt = time.Now().Add(-age)
		addresses.mu.Unlock()
		addresses.Pick("shared")
	}
	addresses.Pick("shared")
	<-looked
	pick(29 * time.Second)
	if len(looked) != 0 {
		t.Error("too early")
	}
	pick(31 * time.Second)
	<-looked
	for { // The answer comes behind the caller's back.
		addresses.mu.Lock()
		looking := addresses.looking
		addresses.mu.Unlock()
		if !looking {
			break
		}
	}
	addresses.MarkDown(addresses.Pick("shared"))
	pick(6 * time.Second)
	<-looked
}

var orders = map[string][]string{
	"anthropic": {"10.0.0.2:50051", "10.0.0.3:50051", "10.0.0.1:50051"},
	"openai":    {"10.0.0.1:50051", "10.0.0.2:50051", "10.0.0.3:50051"},
	"web":       {"10.0.0.1:50051", "10.0.0.3:50051", "10.0.0.2:50051"},
}
