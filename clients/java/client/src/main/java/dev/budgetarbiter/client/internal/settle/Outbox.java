package dev.budgetarbiter.client.internal.settle;

import dev.budgetarbiter.client.internal.Durations;
import dev.budgetarbiter.client.internal.loop.Backoff;
import dev.budgetarbiter.client.internal.loop.Loop;
import dev.budgetarbiter.client.internal.transport.CallFailure;
import dev.budgetarbiter.client.internal.transport.Transport;
import io.grpc.Status.Code;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** Settles in the background: no caller waits for it, and none is told of its failures but by the callback. */
public final class Outbox {
  /** New credentials mend these. */
  private static final Set<Code> MENDED = EnumSet.of(Code.UNAUTHENTICATED, Code.PERMISSION_DENIED);

  private final Transport transport;
  private final Keeper keeper;
  private final Loop loop;
  private final BiConsumer<Settlement, CallFailure> onGivenUp;
  private final Map<String, Settlement> open = new LinkedHashMap<>();
  /** By lease: the last of its settlements. */
  private final Map<String, CompletableFuture<OptionalLong>> tails = new HashMap<>();
  /** What is tried again later, each with what wakes it now. */
  private final Map<Runnable, Runnable> sleeping = new LinkedHashMap<>();
  private CompletableFuture<Void> empty = new CompletableFuture<>();
  private volatile int size;
  private boolean stopped;

  public Outbox(Transport transport, Keeper keeper, Loop loop, BiConsumer<Settlement, CallFailure> onGivenUp) {
    this.transport = transport;
    this.keeper = keeper;
    this.loop = loop;
    this.onGivenUp = onGivenUp;
  }

  /** How many are not known yet. From any thread. */
  public int size() {
    return size;
  }

  /** Completes when it will survive a crash: at once without a journal. `done` is told when it is known, or given up. */
  public CompletableFuture<Void> add(Settlement settlement, Consumer<OptionalLong> done) {
    put(settlement);
    // In the journal before it is sent, so that whatever was sent is known after a crash, too.
    return keeper.add(settlement).thenRunAsync(() -> start(settlement, done), loop);
  }

  /** What an earlier process left. */
  public void resume(List<Settlement> settlements) {
    for (Settlement settlement : settlements) {
      put(settlement);
      start(settlement, charged -> {});
    }
  }

  /** Tries all of it now. Completes when all of it is known, or given up. */
  public CompletableFuture<Void> flush() {
    if (open.isEmpty()) return CompletableFuture.completedFuture(null);
    for (Runnable wake : List.copyOf(sleeping.values())) wake.run();
    return empty;
  }

  /** Tries no more; what is left stays in the journal. */
  public void stop() {
    stopped = true;
  }

  private void put(Settlement settlement) {
    open.put(settlement.id(), settlement);
    size = open.size();
  }

  /** Those of one lease in their order. */
  private void start(Settlement settlement, Consumer<OptionalLong> done) {
    String key = settlement.lease().key();
    CompletableFuture<OptionalLong> before = tails.getOrDefault(key, CompletableFuture.completedFuture(OptionalLong.empty()));
    CompletableFuture<OptionalLong> settled = new CompletableFuture<>();
    tails.put(key, settled);
    Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(30));
    settled.thenAccept(charged -> {
      tails.remove(key, settled);
      done.accept(charged);
      finish(settlement);
    });
    before.thenRun(() -> settle(settlement, backoff, settled));
  }

  private void finish(Settlement settlement) {
    open.remove(settlement.id());
    size = open.size();
    keeper.done(settlement.id());
    if (!open.isEmpty()) return;
    CompletableFuture<Void> reached = empty;
    empty = new CompletableFuture<>();
    reached.complete(null);
  }

  private void settle(Settlement settlement, Backoff backoff, CompletableFuture<OptionalLong> settled) {
    if (stopped) return;
    SettleOnce.run(transport, settlement).whenComplete((charged, error) -> {
      if (stopped) return;
      if (error == null) {
        settled.complete(charged);
        return;
      }
      CallFailure failure = CallFailure.of(error);
      boolean again = failure.isPassing() || MENDED.contains(failure.code());
      if (!again || loop.wallMillis() - settlement.firstTriedAt() >= Settlement.LONGEST.toMillis()) {
        onGivenUp.accept(settlement, failure);
        settled.complete(OptionalLong.empty());
      } else {
        sleep(Durations.most(backoff.next(), failure.retryAfter()), backoff, () -> settle(settlement, backoff, settled));
      }
    });
  }

  /** Woken, it tries as often as at first. */
  private void sleep(Duration pause, Backoff backoff, Runnable then) {
    Loop.Timer timer = loop.schedule(pause, () -> wake(then, () -> {}));
    sleeping.put(then, () -> wake(then, () -> {
      timer.cancel();
      backoff.reset();
    }));
  }

  private void wake(Runnable sleeper, Runnable before) {
    if (sleeping.remove(sleeper) == null) return;
    before.run();
    sleeper.run();
  }
}
