//go:build go1.25

package arbitertest_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"
	"github.com/budget-arbiter/budget-arbiter/clients/go/arbitertest"
)

func TestWhatAProgramDoesWithoutASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := arbitertest.New(t)
		var denied *arbiter.Denied
		fake.Deny(arbitertest.Denial{Rules: []string{"HOURLY_CAP"}, RetryAfter: time.Hour})
		if err := summary(fake.Client); !errors.As(err, &denied) || denied.RetryAfter != time.Hour {
			t.Error(err)
		}
		fake.Grant()
		fake.Away(true)
		var away *arbiter.Unavailable
		if err := summary(fake.Client); !errors.As(err, &away) {
			t.Error(err)
		}
		fake.Away(false)
		if err := summary(fake.Client); err != nil || len(fake.Slots()) != 1 {
			t.Error(err, fake.Slots())
		}
	})
}
