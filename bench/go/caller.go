package main

import (
	"context"
	"slices"
	"sync"
	"time"
)

// caller counts what one caller did.
type caller struct {
	took   []time.Duration
	errors int
	// lastError is one of them, for the reader of the result.
	lastError string
}

func (c *caller) timed(call func() error) error {
	since := time.Now()
	err := call()
	if err != nil {
		return c.failed(err)
	}
	c.took = append(c.took, time.Since(since))
	return nil
}

func (c *caller) failed(err error) error {
	c.errors++
	c.lastError = err.Error()
	return err
}

// together runs all callers at once until the duration is over, each with its number. A turn that fails is counted, and
// the caller goes on.
func together(o options, turn func(ctx context.Context, c *caller, number, turn int) error) []*caller {
	ctx := context.Background()
	until := time.Now().Add(o.duration)
	callers := make([]*caller, o.callers)
	var running sync.WaitGroup
	for number := range callers {
		c := &caller{}
		callers[number] = c
		running.Go(func() {
			for at := 0; time.Now().Before(until); at++ {
				// An error is in the count already; a caller that went on at once would only measure errors.
				if turn(ctx, c, number, at) != nil {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	running.Wait()
	return callers
}

// Summary is what the program prints.
type Summary struct {
	Calls     int     `json:"calls"`
	Errors    int     `json:"errors"`
	LastError string  `json:"last_error,omitempty"`
	Seconds   float64 `json:"seconds"`
	P50Ms     float64 `json:"p50_ms"`
	P99Ms     float64 `json:"p99_ms"`
	// LeastShare is the calls of the caller that got fewest, as a share of the mean: 0 is a caller that starved.
	LeastShare float64 `json:"least_share"`
}

func summarise(callers []*caller, elapsed time.Duration) Summary {
	summary := Summary{Seconds: elapsed.Seconds()}
	least := len(callers[0].took)
	var took []time.Duration
	for _, c := range callers {
		took = append(took, c.took...)
		least = min(least, len(c.took))
		summary.Errors += c.errors
		if c.lastError != "" {
			summary.LastError = c.lastError
		}
	}
	summary.Calls = len(took)
	if len(took) == 0 {
		return summary
	}
	slices.Sort(took)
	at := func(share float64) float64 {
		return took[int(share*float64(len(took)-1))].Seconds() * 1_000
	}
	summary.P50Ms, summary.P99Ms = at(0.5), at(0.99)
	summary.LeastShare = float64(least) * float64(len(callers)) / float64(len(took))
	return summary
}
