package otelarbiter_test

import (
	"context"
	"errors"
	"testing"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"
	"github.com/budget-arbiter/budget-arbiter/clients/go/arbitertest"
	"github.com/budget-arbiter/budget-arbiter/clients/go/otelarbiter"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func TestASpanIsAroundEachSlot(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(recorder))
	fake := arbitertest.New(t, arbiter.WithTracer(otelarbiter.NewOf(provider)))
	failed := errors.New("ours")
	for _, result := range []error{nil, failed} {
		err := fake.Client.Do(context.Background(), arbiter.Request{Model: "model-a"}, func(ctx context.Context, _ *arbiter.Slot) error {
			_, child := provider.Tracer("work").Start(ctx, "call")
			child.End()
			return result
		})
		if !errors.Is(err, result) {
			t.Error(err)
		}
	}
	spans := recorder.Ended()
	if len(spans) != 4 || spans[0].Parent().SpanID() != spans[1].SpanContext().SpanID() {
		t.Fatal(spans)
	}
	if of := spans[1]; of.Name() != "budget_arbiter.slot" || len(of.Attributes()) != 3 || of.Events()[0].Name != "granted" || of.Status().Code != codes.Unset {
		t.Error(of)
	}
	if spans[3].Status().Code != codes.Error {
		t.Error(spans[3])
	}
}
