package dev.budgetarbiter.client.support;

import dev.budgetarbiter.client.internal.loop.Loop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/** A loop whose time the test moves. What it is given runs on the thread of the test. */
public final class FakeLoop implements Loop {
  private record Planned(long at, Runnable task) {}

  private final Deque<Runnable> ready = new ArrayDeque<>();
  private final List<Planned> planned = new ArrayList<>();
  private long now = 1;
  private boolean isRunning;

  @Override
  public void execute(Runnable task) {
    ready.add(task);
    run();
  }

  @Override
  public Timer schedule(Duration delay, Runnable task) {
    Planned entry = new Planned(now + delay.toNanos(), task);
    planned.add(entry);
    return () -> planned.remove(entry);
  }

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public long wallMillis() {
    return now / 1_000_000;
  }

  @Override
  public void stop() {
    planned.clear();
  }

  /** Lets so much time pass, and what is planned within it happen, in its order. */
  public void pass(Duration time) {
    long end = now + time.toNanos();
    while (true) {
      Planned next = planned.stream().filter(each -> each.at <= end).min(Comparator.comparingLong(Planned::at)).orElse(null);
      if (next == null) break;
      planned.remove(next);
      now = Math.max(now, next.at);
      execute(next.task);
    }
    now = end;
  }

  /** As if the machine had slept: what was planned for this time happens after it. */
  public void sleep(Duration time) {
    now += time.toNanos();
  }

  private void run() {
    if (isRunning) return;
    isRunning = true;
    try {
      for (Runnable task = ready.poll(); task != null; task = ready.poll()) task.run();
    } finally {
      isRunning = false;
    }
  }
}
