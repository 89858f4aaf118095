package dev.budgetarbiter.client.internal.loop;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A daemon thread: it keeps no process alive. */
public final class ThreadLoop implements Loop {
  private static final System.Logger LOG = System.getLogger("dev.budgetarbiter.client");

  private final ScheduledThreadPoolExecutor thread =
      new ScheduledThreadPoolExecutor(
          1,
          task -> {
            Thread made = new Thread(task, "budget-arbiter");
            made.setDaemon(true);
            return made;
          });

  public ThreadLoop() {
    thread.setRemoveOnCancelPolicy(true);
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  @Override
  public void execute(Runnable task) {
    try {
      thread.execute(guarded(task));
    } catch (RejectedExecutionException afterStop) {
      LOG.log(Level.DEBUG, "the client is closed", afterStop);
    }
  }

  @Override
  public Timer schedule(Duration delay, Runnable task) {
    try {
      var planned = thread.schedule(guarded(task), delay.toNanos(), TimeUnit.NANOSECONDS);
      return () -> planned.cancel(false);
    } catch (RejectedExecutionException afterStop) {
      return () -> {};
    }
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public long wallMillis() {
    return System.currentTimeMillis();
  }

  @Override
  public void stop() {
    thread.shutdown();
  }

  @Override
  public boolean isStopped() {
    return thread.isShutdown();
  }

  private static Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException | Error mistake) {
        LOG.log(Level.ERROR, "a mistake of the budget client", mistake);
      }
    };
  }
}
