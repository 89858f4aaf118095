package dev.budgetarbiter.client.testing;

import dev.budgetarbiter.client.ArbiterUnavailableException;
import dev.budgetarbiter.client.BudgetClient;
import dev.budgetarbiter.client.Slot;
import dev.budgetarbiter.client.SlotDeniedException;
import dev.budgetarbiter.client.SlotRequest;
import dev.budgetarbiter.client.SlotWork;
import dev.budgetarbiter.client.internal.Durations;
import dev.budgetarbiter.client.internal.loop.Loop;
import dev.budgetarbiter.client.internal.settle.Settlement;
import dev.budgetarbiter.client.internal.slot.Granted;
import dev.budgetarbiter.client.internal.slot.HeldSlot;
import dev.budgetarbiter.client.internal.telemetry.SlotSpan;
import dev.budgetarbiter.v1.Blocker;
import dev.budgetarbiter.v1.Denial;
import dev.budgetarbiter.v1.Rule;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A {@link BudgetClient} for tests, without a service and without a thread: it grants at once, unless it is told otherwise, and keeps
 * what became of its slots, which end by the same rules as real ones.
 *
 * <pre>{@code
 * FakeBudgetClient budget = new FakeBudgetClient();
 * budget.denyNext(Rule.RULE_HOURLY_CAP, Duration.ofMinutes(10));
 * assertThrows(SlotDeniedException.class, () -> new Assistant(budget).answer("hello"));
 * }</pre>
 */
public final class FakeBudgetClient implements BudgetClient {
  private static final String DEFAULT = "default";

  private final Loop loop = new InlineLoop();
  private final List<FakeSlot> slots = new ArrayList<>();
  private final Deque<Function<SlotRequest, RuntimeException>> refusals = new ArrayDeque<>();
  private boolean isClosed;

  /** One that grants everything. */
  public FakeBudgetClient() {}

  /** The next request is denied by this rule; asking again may help after so long. */
  public synchronized void denyNext(Rule rule, Duration retryAfter) {
    refuse(Denial.newBuilder().setRetryAfter(Durations.of(retryAfter)), rule);
  }

  /** The next request is denied for good. */
  public synchronized void denyNextForGood() {
    refuse(Denial.newBuilder().setPermanent(true), Rule.RULE_REQUEST_TOO_LARGE);
  }

  /** The next request finds the service away. */
  public synchronized void unavailableNext() {
    refusals.add(request -> new ArbiterUnavailableException("the fake is away", null));
  }

  /** All slots that were handed out, in their order. */
  public synchronized List<FakeSlot> slots() {
    return List.copyOf(slots);
  }

  @Override
  public synchronized Slot acquire(SlotRequest request) throws InterruptedException {
    if (Thread.interrupted()) throw new InterruptedException();
    return grant(request);
  }

  @Override
  public synchronized CompletableFuture<Slot> acquireAsync(SlotRequest request) {
    try {
      return CompletableFuture.completedFuture(grant(request));
    } catch (RuntimeException refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }

  @Override
  public <T, E extends Exception> T call(SlotRequest request, SlotWork<T, E> work) throws E, InterruptedException {
    Slot slot = acquire(request);
    try {
      return work.run(slot);
    } catch (Throwable error) {
      slot.fail(error);
      throw error;
    } finally {
      slot.close();
    }
  }

  @Override
  public boolean flush(Duration timeout) {
    return true;
  }

  @Override
  public int unsettled() {
    return 0;
  }

  @Override
  public synchronized int close(Duration timeout) {
    isClosed = true;
    return 0;
  }

  private Slot grant(SlotRequest request) {
    if (isClosed) throw new IllegalStateException("this budget client is closed");
    Function<SlotRequest, RuntimeException> refusal = refusals.poll();
    if (refusal != null) throw refusal.apply(request);
    FakeSlot fake = new FakeSlot(request);
    slots.add(fake);
    Granted granted = Granted.without(request.budget().orElse(DEFAULT), UUID.randomUUID().toString());
    var means = new HeldSlot.Means(loop, SlotSpan.NONE, false, (settlement, charged) -> book(fake, settlement, charged));
    return new HeldSlot(granted, request.ai().orElse(DEFAULT), request.model().orElse(""), means);
  }

  private synchronized CompletableFuture<Void> book(FakeSlot fake, Settlement settlement, Consumer<OptionalLong> charged) {
    fake.book(settlement.usages(), settlement.unreported());
    charged.accept(OptionalLong.of(fake.tokens()));
    return CompletableFuture.completedFuture(null);
  }

  private void refuse(Denial.Builder denial, Rule rule) {
    Blocker.Builder blocker = Blocker.newBuilder().setRule(rule).setMessage("the fake refuses: " + rule.name());
    Denial told = denial.addBlockers(blocker).build();
    refusals.add(request -> new SlotDeniedException(told, request.budget().orElse(DEFAULT), request.ai().orElse(DEFAULT)));
  }
}
