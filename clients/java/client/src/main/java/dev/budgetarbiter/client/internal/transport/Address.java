package dev.budgetarbiter.client.internal.transport;

import dev.budgetarbiter.client.internal.loop.Backoff;
import java.time.Duration;
import java.util.Optional;

/** Where a replica listens. */
public final class Address {
  private final String name;
  private final String authority;
  private final Backoff backoff = new Backoff(Duration.ofMillis(500), Duration.ofSeconds(30));
  private long downUntilNanos;
  private boolean isDown;

  Address(String name, String authority) {
    this.name = name;
    this.authority = authority;
  }

  /** `host:port`, by which budgets are spread. */
  public String name() {
    return name;
  }

  /** The name that its certificate is for, where `name` is one of the addresses behind it. */
  public Optional<String> authority() {
    return Optional.ofNullable(authority);
  }

  /** It did not answer: its budgets go to the next for a while. */
  public void markDown(long nowNanos) {
    isDown = true;
    downUntilNanos = nowNanos + backoff.next().toNanos();
  }

  public void markUp() {
    isDown = false;
    backoff.reset();
  }

  boolean isDown(long nowNanos) {
    return isDown && downUntilNanos - nowNanos > 0;
  }
}
