package dev.budgetarbiter.client.internal.telemetry;

/** Whether the program has the API of OpenTelemetry: it is an optional dependency. */
final class OpenTelemetryPresence {
  static final boolean IS_THERE = isThere();

  private OpenTelemetryPresence() {}

  private static boolean isThere() {
    try {
      Class.forName("io.opentelemetry.api.GlobalOpenTelemetry", false, OpenTelemetryPresence.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError without) {
      return false;
    }
  }
}
