//go:build go1.25

package arbiter_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"syscall"
	"testing"
	"time"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"
	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	free    = pb.Unreported_UNREPORTED_FREE
	presume = pb.Unreported_UNREPORTED_PRESUME
	unused  = pb.Unreported_UNREPORTED_UNUSED
)

type vendorError struct{ StatusCode int }

func (e *vendorError) Error() string { return fmt.Sprint("status ", e.StatusCode) }

type responseError struct{ Response *http.Response }

func (e responseError) Error() string { return "of a response" }

func fails(err error) func(context.Context, *arbiter.Slot) error {
	return func(context.Context, *arbiter.Slot) error { return err }
}

func onTheWire(op string, cause error) error {
	return &url.Error{Op: "Post", URL: "https://vendor", Err: &net.OpError{Op: op, Err: cause}}
}

func TestEveryWayOutSettlesRightly(t *testing.T) {
	ours := errors.New("ours")
	for name, way := range map[string]struct {
		work       func(context.Context, *arbiter.Slot) error
		unreported pb.Unreported
		// tokens of the reports, in order; those of failed calls are negative, or -1 for 0.
		tokens []int64
	}{
		"a result":            {reports, free, []int64{150}},
		"without usage":       {fails(nil), presume, nil},
		"two reports":         {func(_ context.Context, s *arbiter.Slot) error { s.Report(spent); return reports(nil, s) }, free, []int64{150, 150}},
		"unused":              {func(_ context.Context, s *arbiter.Slot) error { s.Unused(); return nil }, unused, nil},
		"an error after it":   {func(_ context.Context, s *arbiter.Slot) error { s.Report(spent); return io.EOF }, free, []int64{150}},
		"the vendor refused":  {fails(fmt.Errorf("call: %w", &vendorError{429})), free, []int64{-1}},
		"by its response":     {fails(responseError{&http.Response{StatusCode: 500}}), free, []int64{-1}},
		"within a stream":     {fails(&vendorError{200}), presume, []int64{-1}},
		"in words alone":      {fails(errors.New("received error while streaming: overloaded")), presume, []int64{-1}},
		"refused connection":  {fails(onTheWire("dial", syscall.ECONNREFUSED)), unused, []int64{-1}},
		"no such host":        {fails(&net.DNSError{Name: "vendor", IsNotFound: true}), unused, []int64{-1}},
		"TLS":                 {fails(x509.UnknownAuthorityError{}), unused, []int64{-1}},
		"reset":               {fails(onTheWire("read", syscall.ECONNRESET)), presume, []int64{-1}},
		"cut off":             {fails(io.ErrUnexpectedEOF), presume, []int64{-1}},
		"timed out":           {fails(context.DeadlineExceeded), presume, []int64{-1}},
		"gRPC refused":        {fails(status.Error(codes.ResourceExhausted, "quota")), free, []int64{-1}},
		"gRPC broke":          {fails(status.Error(codes.Unavailable, "reset")), presume, []int64{-1}},
		"the caller's own":    {fails(ours), free, []int64{-1}},
		"told by Fail":        {func(_ context.Context, s *arbiter.Slot) error { s.Fail(ours); return nil }, free, []int64{-1}},
		"a stream was left":   {saying(nil), presume, []int64{30}},
		"a stream broke":      {saying(io.ErrUnexpectedEOF), presume, []int64{-30}},
		"a stream was failed": {saying(ours), presume, []int64{-30}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				_ = w.do(way.work)
				booked := w.one()
				if booked.Unreported != way.unreported {
					t.Errorf("%v, not %v", booked.Unreported, way.unreported)
				}
				if got := tokensOf(booked.Usages); fmt.Sprint(got) != fmt.Sprint(way.tokens) {
					t.Errorf("booked %v, not %v", got, way.tokens)
				}
			})
		})
	}
}

// saying has a stream say twice what it has cost.
func saying(err error) func(context.Context, *arbiter.Slot) error {
	return func(_ context.Context, slot *arbiter.Slot) error {
		slot.Said([]byte(`{"message":{"usage":{"input_tokens":20,"output_tokens":1}}}`))
		slot.Said([]byte(`{"type":"ping"}`))
		slot.Said([]byte(`{"usage":{"output_tokens":10}}`))
		return err
	}
}

func tokensOf(usages []*pb.Usage) (all []int64) {
	for _, usage := range usages {
		tokens := usage.Tokens.InputTokens + usage.Tokens.OutputTokens
		if usage.Failed {
			tokens = min(-1, -tokens)
		}
		all = append(all, tokens)
	}
	return all
}

func TestCancelledInTheCall(t *testing.T) {
	inWorld(t, func(w *world) {
		ctx, cancel := context.WithCancel(context.Background())
		err := w.client.Do(ctx, request, func(ctx context.Context, _ *arbiter.Slot) error {
			cancel()
			<-ctx.Done()
			return errors.New("some library's own words for it")
		})
		if err == nil || w.one().Unreported != presume {
			t.Error(err, w.one())
		}
	})
}

func TestAPanicAndTheEndOfAGoroutineSettle(t *testing.T) {
	for name, end := range map[string]func(){"panic": func() { panic("of the work") }, "Goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				done := make(chan any)
				go func() {
					defer func() { done <- recover() }()
					_ = w.do(func(context.Context, *arbiter.Slot) error { end(); return nil })
				}()
				<-done
				if booked := w.one(); booked.Unreported != free || !booked.Usages[0].Failed {
					t.Error(booked)
				}
			})
		})
	}
}

func TestAReportOfASlotThatGoesOnIsToldByItself(t *testing.T) {
	inWorld(t, func(w *world) {
		w.must(w.do(func(_ context.Context, slot *arbiter.Slot) error {
			slot.Report(spent)
			time.Sleep(1500 * time.Millisecond)
			if booked := w.server.Books()[0]; len(booked.Usages) != 1 {
				t.Error("not told after a second", booked)
			}
			return nil
		}))
		if booked := w.one(); len(booked.Usages) != 1 || booked.Unreported != free {
			t.Error(booked)
		}
	})
}

func TestAReportAfterTheEnd(t *testing.T) {
	inWorld(t, func(w *world) {
		var kept *arbiter.Slot
		w.must(w.do(func(_ context.Context, slot *arbiter.Slot) error { kept = slot; return nil }))
		kept.Report(spent)
		if booked := w.one(); booked.Unreported != presume || len(booked.Usages) != 1 {
			t.Error(booked)
		}
	})
}
