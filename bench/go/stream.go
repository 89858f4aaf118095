package main

import (
	"context"
	"encoding/binary"
	"time"

	"google.golang.org/grpc"
)

// Sizes of a report and of its answer in a session.
const streamMessageBytes = 120

var echoStream = grpc.StreamDesc{StreamName: "Stream", ServerStreams: true, ClientStreams: true}

// A stream per caller, with so many messages under way at once that come back as they are: the limit of what a session can do.
func echoStreams(o options, conns []*grpc.ClientConn) ([]*caller, error) {
	return together(o, func(ctx context.Context, c *caller, number, _ int) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := conns[number%len(conns)].NewStream(ctx, &echoStream, "/bench.Echo/Stream",
			grpc.ForceCodecV2(bytesCodec{}))
		if err != nil {
			return c.failed(err)
		}
		return pipelined(c, o.window, time.Now().Add(o.duration),
			func(tag uint32) error {
				message := make([]byte, streamMessageBytes)
				binary.BigEndian.PutUint32(message, tag)
				return stream.SendMsg(&message)
			},
			func() (uint32, error) {
				var answer []byte
				if err := stream.RecvMsg(&answer); err != nil {
					return 0, err
				}
				return binary.BigEndian.Uint32(answer), nil
			})
	}), nil
}

// pipelined keeps a window of calls under way until the time is over; answers come in any order, each with its call's tag.
func pipelined(c *caller, window int, until time.Time, send func(uint32) error, receive func() (uint32, error)) error {
	since := make([]time.Time, window)
	for tag := range since {
		since[tag] = time.Now()
		if err := send(uint32(tag)); err != nil {
			return c.failed(err)
		}
	}
	for underWay := window; underWay > 0; {
		tag, err := receive()
		if err != nil {
			return c.failed(err)
		}
		now := time.Now()
		c.took = append(c.took, now.Sub(since[tag]))
		if now.After(until) {
			underWay--
			continue
		}
		since[tag] = now
		if err := send(tag); err != nil {
			return c.failed(err)
		}
	}
	return nil
}
