package dev.budgetarbiter.client.internal.loop;

import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * The one thread on which a client changes anything, and the clocks. So nothing within needs a lock, and a test brings a loop
 * whose time it moves itself.
 */
public interface Loop extends Executor {
  /** Runs it after so long, unless it is cancelled. */
  Timer schedule(Duration delay, Runnable task);

  /** Monotonic. */
  long nanoTime();

  /** By the wall clock, which may jump. */
  long wallMillis();

  /** Runs nothing more. */
  void stop();

  /** It runs nothing any more. From any thread. One without a thread of its own always runs. */
  default boolean isStopped() {
    return false;
  }

  default Duration since(long nanoTime) {
    return Duration.ofNanos(nanoTime() - nanoTime);
  }

  /** Something that has yet to happen. */
  @FunctionalInterface
  interface Timer {
    void cancel();
  }
}
