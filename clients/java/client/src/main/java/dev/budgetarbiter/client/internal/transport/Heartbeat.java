package dev.budgetarbiter.client.internal.transport;

import dev.budgetarbiter.client.internal.Durations;
import dev.budgetarbiter.client.internal.loop.Loop;
import dev.budgetarbiter.v1.RenewSlotResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Renews at a third of the time that is left: at a third of the time to live, and ever sooner while the service is away. */
final class Heartbeat {
  private static final Duration LEAST = Duration.ofMillis(100);

  private final KeptLease kept;
  private final Function<Duration, CompletableFuture<RenewSlotResponse>> renew;
  private final Loop loop;
  /** By the answer and the monotonic clock, since this machine's wall clock may differ from the service's. */
  private long endsAt;
  private Loop.Timer next = () -> {};
  private boolean over;

  private Heartbeat(KeptLease kept, Function<Duration, CompletableFuture<RenewSlotResponse>> renew, Loop loop) {
    this.kept = kept;
    this.renew = renew;
    this.loop = loop;
  }

  static void start(KeptLease kept, Function<Duration, CompletableFuture<RenewSlotResponse>> renew, Loop loop) {
    Heartbeat heartbeat = new Heartbeat(kept, renew, loop);
    heartbeat.endsAt = loop.nanoTime() + kept.timeToLive().toNanos();
    kept.onLetGo(heartbeat::stop);
    heartbeat.plan();
  }

  private void plan() {
    if (over) return;
    Duration left = left();
    Duration third = Durations.most(left.dividedBy(3), LEAST);
    next = loop.schedule(Durations.least(Durations.most(left, Duration.ZERO), third), this::beat);
  }

  private void beat() {
    long sentAt = loop.nanoTime();
    Duration left = left();
    if (left.isNegative() || left.isZero()) {
      kept.lose("the lease ran out before it could be renewed");
      return;
    }
    renew.apply(Durations.most(left.dividedBy(3), LEAST)).whenComplete((answer, error) -> {
      if (over) return;
      if (error == null) {
        endsAt = sentAt + Durations.of(answer.getLease().getExpiresIn()).toNanos();
      } else {
        CallFailure failure = CallFailure.of(error);
        if (!failure.isPassing()) kept.lose(failure.getMessage());
      }
      plan();
    });
  }

  private Duration left() {
    return Duration.ofNanos(endsAt - loop.nanoTime());
  }

  private void stop() {
    over = true;
    next.cancel();
  }
}
