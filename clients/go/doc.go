// Package arbiter puts the LLM calls of a program on shared token budgets, those of a budget arbiter.
//
//	client, err := arbiter.FromEnv()
//	...
//	err = client.Do(ctx, arbiter.Request{Budget: "anthropic", AI: "guardian", Estimate: 3000},
//		func(ctx context.Context, slot *arbiter.Slot) error {
//			message, err := anthropic.Messages.New(ctx, params)
//			slot.ReportAnswer(message)
//			return err
//		})
//
// A slot is the right to call the vendor now. Do waits for one, runs the work, and gives the slot back whichever way the work
// ends: what was reported is booked, what failed is told as failed, and of a call that broke on its way the estimate is presumed
// spent. That happens in the background, and is repeated until the service knows it: no answer is lost because a report failed.
//
// One client for a process is enough, and as much as it should have. Underneath is one stream, so that the slots of a process
// that dies are free in seconds, without a heartbeat.
package arbiter

//go:generate ../../node_modules/.bin/buf generate
