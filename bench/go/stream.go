package main

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
)

// Sizes of a report and of its answer in a session.
const streamMessageBytes = 120

var echoStream = grpc.StreamDesc{StreamName: "Stream", ServerStreams: true, ClientStreams: true}

// A stream per caller, with so many messages under way at once that come back as they are: the limit of what a session can do.
func echoStreams(o options, conns []*grpc.ClientConn) ([]*caller, error) {
	message := make([]byte, streamMessageBytes)
	return together(o, func(ctx context.Context, c *caller, number, _ int) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := conns[number%len(conns)].NewStream(ctx, &echoStream, "/bench.Echo/Stream",
			grpc.ForceCodecV2(encoding.CodecV2(bytesCodec{})))
		if err != nil {
			return c.timed(func() error { return err })
		}
		return pipelined(c, o.window, time.Now().Add(o.duration),
			func() error { return stream.SendMsg(&message) },
			func() error {
				var answer []byte
				return stream.RecvMsg(&answer)
			})
	}), nil
}

// pipelined keeps a window of messages under way, one answer for each, in order or not.
func pipelined(c *caller, window int, until time.Time, send, receive func() error) error {
	sent := make(chan time.Time, window)
	failed := make(chan error, 1)
	go func() {
		defer close(sent)
		for time.Now().Before(until) {
			sent <- time.Now()
			if err := send(); err != nil {
				failed <- err
				return
			}
		}
	}()
	for since := range sent {
		if err := receive(); err != nil {
			c.errors++
			c.lastError = err.Error()
			return err
		}
		c.took = append(c.took, time.Since(since))
	}
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}
