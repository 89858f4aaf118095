package dev.budgetarbiter.client.internal.loop;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Doubles from try to try, and spreads, so that many clients do not come back in step. */
public final class Backoff {
  private final Duration first;
  private final Duration most;
  private Duration next;

  public Backoff(Duration first, Duration most) {
    this.first = first;
    this.most = most;
    this.next = first;
  }

  public Duration next() {
    Duration now = next;
    Duration doubled = now.multipliedBy(2);
    next = doubled.compareTo(most) > 0 ? most : doubled;
    return Duration.ofNanos((long) (now.toNanos() * ThreadLocalRandom.current().nextDouble(0.5, 1)));
  }

  public void reset() {
    next = first;
  }
}
