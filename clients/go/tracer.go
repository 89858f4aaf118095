package arbiter

import "context"

// Tracer has a span opened around each slot, from the asking to its end. The module otelarbiter, beside this one, has that of
// OpenTelemetry.
type Tracer interface {
	// Start opens a span; those that the work opens stand below it.
	Start(ctx context.Context, request Request) (context.Context, Span)
}

// Span is one slot.
type Span interface {
	// Granted says that it was, or that the call goes on without one.
	Granted(slot *Slot)
	// End says how it ended.
	End(err error)
}

type noTracer struct{}

func (noTracer) Start(ctx context.Context, _ Request) (context.Context, Span) { return ctx, noSpan{} }

type noSpan struct{}

func (noSpan) Granted(*Slot) {}
func (noSpan) End(error)     {}
