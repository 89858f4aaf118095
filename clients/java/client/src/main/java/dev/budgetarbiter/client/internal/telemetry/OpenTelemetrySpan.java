package dev.budgetarbiter.client.internal.telemetry;

import dev.budgetarbiter.v1.Lease;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import java.util.Optional;

/** A span named `budget_arbiter.slot`. */
record OpenTelemetrySpan(Span span) implements SlotSpan {
  private static final AttributeKey<String> BUDGET = AttributeKey.stringKey("budget_arbiter.budget_id");
  private static final AttributeKey<String> AI = AttributeKey.stringKey("budget_arbiter.ai_id");
  private static final AttributeKey<String> LEASE = AttributeKey.stringKey("budget_arbiter.lease_id");
  private static final AttributeKey<Boolean> LEASED = AttributeKey.booleanKey("budget_arbiter.leased");

  static OpenTelemetrySpan begin(String budget, String ai, String model) {
    var builder = GlobalOpenTelemetry.getTracer("dev.budgetarbiter.client")
        .spanBuilder("budget_arbiter.slot")
        .setAttribute(BUDGET, budget)
        .setAttribute(AI, ai);
    if (!model.isEmpty()) builder.setAttribute("gen_ai.request.model", model);
    return new OpenTelemetrySpan(builder.startSpan());
  }

  @Override
  public void granted(String budget, Optional<Lease> lease) {
    String leaseId = lease.map(Lease::getLeaseId).orElse("");
    span.addEvent("granted", Attributes.of(BUDGET, budget, LEASE, leaseId, LEASED, lease.isPresent()));
  }

  @Override
  public Scope current() {
    var scope = span.makeCurrent();
    return scope::close;
  }

  @Override
  public void fail(Throwable error) {
    span.recordException(error);
    span.setStatus(StatusCode.ERROR, String.valueOf(error));
  }

  @Override
  public void end() {
    span.end();
  }
}
