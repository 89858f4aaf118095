package dev.budgetarbiter.client.testing;

import dev.budgetarbiter.client.internal.loop.Loop;
import java.time.Duration;

/** At once, on the thread of the caller; what is planned for later never happens. */
final class InlineLoop implements Loop {
  @Override
  public synchronized void execute(Runnable task) {
    task.run();
  }

  @Override
  public Timer schedule(Duration delay, Runnable task) {
    return () -> {};
  }

  @Override
  public long nanoTime() {
    return 0;
  }

  @Override
  public long wallMillis() {
    return 0;
  }

  @Override
  public void stop() {}
}
