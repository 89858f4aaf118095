package dev.budgetarbiter.client.internal;

import com.google.protobuf.Timestamp;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;

/** Times as the API has them, and as Java has them. */
public final class Durations {
  private Durations() {}

  public static Duration of(com.google.protobuf.Duration told) {
    return Duration.ofSeconds(told.getSeconds(), told.getNanos());
  }

  public static Instant of(Timestamp told) {
    return Instant.ofEpochSecond(told.getSeconds(), told.getNanos());
  }

  /** In whole milliseconds, which is what the service takes. */
  public static com.google.protobuf.Duration of(Duration time) {
    Duration whole = Duration.ofMillis(Math.max(0, time.toMillis()));
    return com.google.protobuf.Duration.newBuilder().setSeconds(whole.getSeconds()).setNanos(whole.getNano()).build();
  }

  /** For a person. */
  public static String inSeconds(Duration time) {
    return BigDecimal.valueOf(time.toMillis(), 3).stripTrailingZeros().toPlainString();
  }

  public static Duration least(Duration one, Duration other) {
    return one.compareTo(other) <= 0 ? one : other;
  }

  public static Duration most(Duration one, Duration other) {
    return one.compareTo(other) >= 0 ? one : other;
  }
}
