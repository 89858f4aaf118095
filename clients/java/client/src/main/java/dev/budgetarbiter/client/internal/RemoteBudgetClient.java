package dev.budgetarbiter.client.internal;

import dev.budgetarbiter.client.BudgetClient;
import dev.budgetarbiter.client.Slot;
import dev.budgetarbiter.client.SlotRequest;
import dev.budgetarbiter.client.SlotWork;
import dev.budgetarbiter.client.TokenUsage;
import dev.budgetarbiter.client.Unsettled;
import dev.budgetarbiter.client.internal.loop.Loop;
import dev.budgetarbiter.client.internal.settle.Journal;
import dev.budgetarbiter.client.internal.settle.Keeper;
import dev.budgetarbiter.client.internal.settle.Outbox;
import dev.budgetarbiter.client.internal.settle.Settlement;
import dev.budgetarbiter.client.internal.slot.Acquisition;
import dev.budgetarbiter.client.internal.slot.CallsUnderWay;
import dev.budgetarbiter.client.internal.slot.Granted;
import dev.budgetarbiter.client.internal.slot.HeldSlot;
import dev.budgetarbiter.client.internal.slot.WaitLines;
import dev.budgetarbiter.client.internal.slot.Wanted;
import dev.budgetarbiter.client.internal.telemetry.SlotSpan;
import dev.budgetarbiter.client.internal.transport.Addresses;
import dev.budgetarbiter.client.internal.transport.CallFailure;
import dev.budgetarbiter.client.internal.transport.KeptLease;
import dev.budgetarbiter.client.internal.transport.Replicas;
import dev.budgetarbiter.client.internal.transport.SessionTransport;
import dev.budgetarbiter.client.internal.transport.TokenFile;
import dev.budgetarbiter.client.internal.transport.TokenSource;
import dev.budgetarbiter.client.internal.transport.Transport;
import dev.budgetarbiter.client.internal.transport.UnaryTransport;
import dev.budgetarbiter.v1.AcquireSlotRequest;
import dev.budgetarbiter.v1.Unreported;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** The client of a real service. */
public final class RemoteBudgetClient implements BudgetClient {
  private static final System.Logger LOG = System.getLogger("dev.budgetarbiter.client");

  /** The last words of a session are said within this. */
  private static final Duration STOPS_AFTER = Duration.ofSeconds(1);
  /** As the process ends, for the calls under way and then for what they cost. */
  private static final Duration EXITS_AFTER = Duration.ofSeconds(10);

  private final Settings settings;
  private final Loop loop;
  private final Replicas replicas;
  private final Transport transport;
  private final Keeper keeper;
  private final Outbox outbox;
  private final TokenSource token;
  private final WaitLines lines = new WaitLines();
  private final CallsUnderWay calls = new CallsUnderWay();
  private final Thread atExit = new Thread(this::closeAtExit, "budget-arbiter-exit");
  private final AtomicBoolean hasAnswered = new AtomicBoolean();
  private final AtomicBoolean isClosed = new AtomicBoolean();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private volatile boolean isEnding;

  public RemoteBudgetClient(Settings settings, Surroundings surroundings) {
    this.settings = settings;
    loop = surroundings.loop();
    token = settings.tokenFile().<TokenSource>map(file -> new TokenFile(file, loop))
        .orElseGet(() -> TokenSource.of(settings.token().orElse(null)));
    Addresses addresses = new Addresses(settings.addresses(), surroundings.names(), loop);
    replicas = new Replicas(addresses, surroundings.channels(), token, settings.metadata(), loop);
    transport = settings.unary()
        ? new UnaryTransport(replicas, settings.timeout())
        : new SessionTransport(replicas, settings.timeout());
    keeper = settings.journal().<Keeper>map(Journal::open).orElse(Keeper.NONE);
    outbox = new Outbox(transport, keeper, loop, this::giveUp);
    if (!keeper.left().isEmpty()) loop.execute(() -> outbox.resume(keeper.left()));
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  @Override
  public Slot acquire(SlotRequest request) throws InterruptedException {
    return await(ask(request));
  }

  @Override
  public CompletableFuture<Slot> acquireAsync(SlotRequest request) {
    Asking asking = ask(request);
    CompletableFuture<Slot> told = new CompletableFuture<>();
    // Whatever the caller does with it, it does not do on the loop.
    asking.slot.whenCompleteAsync((slot, error) -> {
      if (error != null) told.completeExceptionally(error);
      else if (!told.complete(slot)) asking.leave();
    });
    told.whenComplete((slot, error) -> {
      if (told.isCancelled()) asking.leave();
    });
    return told;
  }

  @Override
  public <T, E extends Exception> T call(SlotRequest request, SlotWork<T, E> work) throws E, InterruptedException {
    Asking asking = ask(request);
    Slot slot = await(asking);
    try (SlotSpan.Scope below = asking.span.current()) {
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
    CompletableFuture<Void> flushed = new CompletableFuture<>();
    loop.execute(() -> outbox.flush().thenRun(() -> flushed.complete(null)));
    return isDoneWithin(flushed, timeout);
  }

  @Override
  public int unsettled() {
    return outbox.size();
  }

  @Override
  public int close(Duration timeout) {
    if (isClosed.getAndSet(true)) {
      isDoneWithin(closed, timeout);
      return outbox.size();
    }
    removeHook();
    flush(timeout);
    CompletableFuture<Void> stopped = new CompletableFuture<>();
    loop.execute(() -> {
      outbox.stop();
      transport.close();
      keeper.close();
      loop.schedule(STOPS_AFTER, loop::stop);
      stopped.complete(null);
    });
    isDoneWithin(stopped, STOPS_AFTER);
    try {
      replicas.awaitClosed(STOPS_AFTER);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    closed.complete(null);
    int left = outbox.size();
    String where = settings.journal().isPresent() ? " in the journal" : "";
    if (left > 0) LOG.log(Level.WARNING, "{0} settlements are left{1}", left, where);
    return left;
  }

  /** On Ctrl-C and its kin other threads go on while this runs: a call that was paid for has its answer booked. */
  private void closeAtExit() {
    isEnding = true;
    try {
      calls.awaitNone(EXITS_AFTER);
    } catch (InterruptedException unlikely) {
      Thread.currentThread().interrupt();
    }
    close(EXITS_AFTER);
  }

  private Asking ask(SlotRequest request) {
    if (isEnding || isClosed.get()) throw new IllegalStateException("this budget client is closed");
    return new Asking(wanted(request));
  }

  private Slot await(Asking asking) throws InterruptedException {
    try {
      return asking.slot.get();
    } catch (InterruptedException interrupted) {
      asking.leave();
      throw interrupted;
    } catch (ExecutionException failed) {
      // It was made on the loop, whose trace says nothing.
      throw (RuntimeException) failed.getCause().fillInStackTrace();
    }
  }

  private Wanted wanted(SlotRequest request) {
    String budget = request.budget().or(settings::budget).orElseThrow(() -> new IllegalArgumentException(
        "a slot needs a budget: of the request, of the client, or BUDGET_ARBITER_BUDGET"));
    String ai = request.ai().or(settings::ai).orElseThrow(() -> new IllegalArgumentException(
        "a slot needs an AI: of the request, of the client, or BUDGET_ARBITER_AI"));
    Map<String, String> labels = new HashMap<>(settings.labels());
    labels.putAll(request.labels());
    AcquireSlotRequest.Builder message = AcquireSlotRequest.newBuilder().setAiId(ai).putAllLabels(labels);
    request.estimate().ifPresent(message::setEstimatedTokens);
    request.expected().map(TokenUsage::toMessage).ifPresent(message::setExpected);
    request.atLeast().ifPresent(message::setAtLeastTokens);
    request.model().ifPresent(message::setModel);
    Duration wait = request.waitTime().orElse(settings.waitTime());
    return new Wanted(
        budget,
        ai,
        request.model().orElse(""),
        message.build(),
        wait,
        request.patience().orElse(Durations.most(settings.patience(), wait)),
        request.fallback().orElse(settings.fallback()),
        request.failOpen().orElse(settings.failOpen()));
  }

  private CompletableFuture<Void> settle(Settlement settlement, Granted granted, Consumer<OptionalLong> charged) {
    return outbox.add(settlement, told -> {
      charged.accept(told);
      if (settlement.isRelease()) granted.kept().ifPresent(KeptLease::letGo);
    });
  }

  /** A grant that nobody has any use for. */
  private void giveBack(Granted granted, String ai) {
    String id = UUID.randomUUID().toString();
    var lease = granted.settledAs(false);
    Unreported unused = Unreported.UNREPORTED_UNUSED;
    settle(new Settlement(id, granted.budget(), ai, lease, List.of(), unused, loop.wallMillis()), granted, charged -> {});
  }

  private void giveUp(Settlement settlement, CallFailure failure) {
    Unsettled unsettled = new Unsettled(
        settlement.budgetId(),
        settlement.aiId(),
        settlement.lease().leaseId(),
        settlement.usages(),
        failure.getMessage());
    LOG.log(Level.ERROR, "not settled: {0}", unsettled);
    ForkJoinPool.commonPool().execute(() -> settings.onUnsettled().accept(unsettled));
  }

  private void removeHook() {
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException atExitNow) {
      LOG.log(Level.DEBUG, "the client is closed as the process ends");
    }
  }

  private static boolean isDoneWithin(CompletableFuture<Void> done, Duration timeout) {
    try {
      done.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException late) {
      return false;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return false;
    } catch (ExecutionException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** A slot that somebody asks for. */
  private final class Asking {
    private final CompletableFuture<Slot> slot = new CompletableFuture<>();
    private final SlotSpan span;
    private final Acquisition acquisition;

    private Asking(Wanted wanted) {
      span = SlotSpan.begin(wanted.budget(), wanted.ai(), wanted.model());
      acquisition = new Acquisition(wanted, new Acquisition.Means(
          transport, lines, loop, hasAnswered, token::renew, granted -> giveBack(granted, wanted.ai())));
      loop.execute(() -> acquisition.run().whenComplete((granted, error) -> take(wanted, granted, error)));
    }

    private void take(Wanted wanted, Granted granted, Throwable error) {
      if (error != null) {
        span.fail(error);
        span.end();
        slot.completeExceptionally(error);
        return;
      }
      span.granted(granted.budget(), granted.lease());
      if (granted.lease().isEmpty()) LOG.log(Level.WARNING, "the budget arbiter is away: a call goes on without a slot");
      var means = new HeldSlot.Means(loop, span, keeper != Keeper.NONE, (settlement, charged) -> {
        if (settlement.isRelease()) calls.end();
        return settle(settlement, granted, charged);
      });
      calls.begin();
      if (slot.complete(new HeldSlot(granted, wanted.ai(), wanted.model(), means))) return;
      calls.end();
      span.end();
      giveBack(granted, wanted.ai());
    }

    /** Nobody waits for it any more. */
    private void leave() {
      if (slot.cancel(false)) {
        loop.execute(acquisition::leave);
      } else if (!slot.isCompletedExceptionally()) {
        Slot unwanted = slot.join();
        unwanted.unused();
        unwanted.close();
      }
    }
  }
}
