package dev.budgetarbiter.client.internal.slot;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** How many slots are held: a process that ends waits for the calls in them, whose answers are paid for. From any thread. */
public final class CallsUnderWay {
  private int held;

  public synchronized void begin() {
    held += 1;
  }

  public synchronized void end() {
    held -= 1;
    notifyAll();
  }

  /** Returns when there are none, or the time is over. */
  public synchronized void awaitNone(Duration longest) throws InterruptedException {
    long until = System.nanoTime() + longest.toNanos();
    for (long left = longest.toNanos(); held > 0 && left > 0; left = until - System.nanoTime()) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
  }
}
