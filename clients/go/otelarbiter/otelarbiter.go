// Package otelarbiter opens a span of OpenTelemetry around each slot:
//
//	client, err := arbiter.FromEnv(arbiter.WithTracer(otelarbiter.New()))
//
// It is a module of its own, so that package arbiter needs no OpenTelemetry.
package otelarbiter

import (
	"context"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

const name = "github.com/budget-arbiter/budget-arbiter/clients/go"

type tracer struct{ trace.Tracer }

// New traces by the global provider, as it is now.
func New() arbiter.Tracer { return NewOf(otel.GetTracerProvider()) }

// NewOf traces by a provider.
func NewOf(provider trace.TracerProvider) arbiter.Tracer { return tracer{provider.Tracer(name)} }

// Start implements arbiter.Tracer.
func (t tracer) Start(ctx context.Context, request arbiter.Request) (context.Context, arbiter.Span) {
	attributes := []attribute.KeyValue{
		attribute.String("budget_arbiter.budget_id", request.Budget),
		attribute.String("budget_arbiter.ai_id", request.AI),
	}
	if request.Model != "" {
		attributes = append(attributes, attribute.String("gen_ai.request.model", request.Model))
	}
	ctx, opened := t.Tracer.Start(ctx, "budget_arbiter.slot", trace.WithAttributes(attributes...))
	return ctx, span{opened}
}

type span struct{ trace.Span }

// Granted implements arbiter.Span.
func (s span) Granted(slot *arbiter.Slot) {
	s.AddEvent("granted", trace.WithAttributes(
		attribute.String("budget_arbiter.budget_id", slot.Budget()),
		attribute.String("budget_arbiter.lease_id", slot.Lease().GetLeaseId()),
		attribute.Bool("budget_arbiter.leased", slot.Lease() != nil),
	))
}

// End implements arbiter.Span.
func (s span) End(err error) {
	if err != nil {
		s.RecordError(err)
		s.SetStatus(codes.Error, err.Error())
	}
	s.Span.End()
}
