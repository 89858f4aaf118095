package arbiter;

import dev.budgetarbiter.v1.AcquireSlotRequest;
import dev.budgetarbiter.v1.AcquireSlotResponse;
import dev.budgetarbiter.v1.Blocker;
import dev.budgetarbiter.v1.BudgetServiceGrpc;
import dev.budgetarbiter.v1.BudgetServiceGrpc.BudgetServiceBlockingStub;
import dev.budgetarbiter.v1.Denial;
import dev.budgetarbiter.v1.Lease;
import com.google.protobuf.util.Durations;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Asks the arbiter for slots. */
public final class BudgetClient {
  static final Duration CALL_TIMEOUT = Duration.ofSeconds(5);
  /** How long a report or a release is repeated while the service is away. */
  static final Duration REPORT_PATIENCE = Duration.ofMinutes(1);

  private static final Set<Status.Code> AWAY = Set.of(Status.Code.UNAVAILABLE, Status.Code.DEADLINE_EXCEEDED);

  private final BudgetServiceBlockingStub stub;

  public BudgetClient(Channel channel) {
    stub = BudgetServiceGrpc.newBlockingStub(channel);
  }

  /** What to do while the slot is held. */
  @FunctionalInterface
  public interface Work<T> {
    T run(Slot slot) throws Exception;
  }

  /** What a piece of work got, what it cost, and the rules that had refused before the slot was granted. */
  public record Settled<T>(T result, Lease lease, long usedTokens, List<String> deniedRules) {}

  /** Runs the work while holding a slot: acquires it, keeps it alive, and gives it back whatever happens. */
  public <T> Settled<T> withSlot(SlotRequest request, Work<T> work) throws Exception {
    try (Slot slot = acquire(request)) {
      T result = work.run(slot);
      return new Settled<>(result, slot.lease(), slot.release(), slot.deniedRules());
    }
  }

  /** Asks until the slot is granted, and comes back no earlier than a denial says. Close the slot after the work. */
  public Slot acquire(SlotRequest request) throws SlotDeniedException, InterruptedException {
    AcquireSlotRequest message = request.toMessage();
    Duration timeout = CALL_TIMEOUT.plus(request.maxWait());
    long giveUpAt = System.nanoTime() + request.patience().toNanos();
    Set<String> deniedRules = new LinkedHashSet<>();
    while (true) {
      AcquireSlotResponse answer = retry(stub -> stub.acquireSlot(message), timeout, left(giveUpAt));
      if (answer.hasGranted()) return new Slot(this, answer.getGranted().getLease(), List.copyOf(deniedRules));
      Denial denial = answer.getDenied();
      for (Blocker blocker : denial.getBlockersList()) deniedRules.add(blocker.getRule().name().replace("RULE_", ""));
      // Nobody knows how long a pause of the budget lasts: then look again every few seconds.
      long pause = denial.hasRetryAfter() ? Durations.toMillis(denial.getRetryAfter()) : 5_000;
      if (denial.getPermanent() || pause > left(giveUpAt).toMillis()) throw new SlotDeniedException(denial);
      // Somewhat later than told, so that many clients do not come back in step.
      Thread.sleep(pause + ThreadLocalRandom.current().nextLong(100));
    }
  }

  /**
   * Repeats a call while the service is away or its answer was lost. Safe for every write of the API, because the
   * request carries ids: the same request again has one effect, and gets the same answer.
   */
  <T> T retry(Function<BudgetServiceBlockingStub, T> call, Duration timeout, Duration patience)
      throws InterruptedException {
    long giveUpAt = System.nanoTime() + patience.toNanos();
    for (long pause = 100; ; pause = Math.min(2 * pause, 3_000)) {
      try {
        return once(call, timeout);
      } catch (StatusRuntimeException error) {
        if (!AWAY.contains(error.getStatus().getCode()) || pause > left(giveUpAt).toMillis()) throw error;
      }
      // Jittered, so that many clients do not come back in step.
      Thread.sleep(ThreadLocalRandom.current().nextLong(pause / 2, pause));
    }
  }

  <T> T once(Function<BudgetServiceBlockingStub, T> call, Duration timeout) {
    return call.apply(stub.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS));
  }

  private static Duration left(long endNanos) {
    return Duration.ofNanos(endNanos - System.nanoTime());
  }
}
