package dev.budgetarbiter.client.internal.telemetry;

import dev.budgetarbiter.v1.Lease;
import java.util.Optional;

/** The span of one slot, from the asking to its end. Without OpenTelemetry, nothing. */
public interface SlotSpan {
  SlotSpan NONE = new SlotSpan() {
    @Override
    public void granted(String budget, Optional<Lease> lease) {}

    @Override
    public Scope current() {
      return () -> {};
    }

    @Override
    public void fail(Throwable error) {}

    @Override
    public void end() {}
  };

  void granted(String budget, Optional<Lease> lease);

  /** Until it is closed, spans that this thread opens stand below this one. */
  Scope current();

  void fail(Throwable error);

  void end();

  static SlotSpan begin(String budget, String ai, String model) {
    return OpenTelemetryPresence.IS_THERE ? OpenTelemetrySpan.begin(budget, ai, model) : NONE;
  }

  /** What ends without an exception. */
  @FunctionalInterface
  interface Scope extends AutoCloseable {
    @Override
    void close();
  }
}
