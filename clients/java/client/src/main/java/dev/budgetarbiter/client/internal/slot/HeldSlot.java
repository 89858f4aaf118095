package dev.budgetarbiter.client.internal.slot;

import dev.budgetarbiter.client.ReportDetails;
import dev.budgetarbiter.client.Slot;
import dev.budgetarbiter.client.SlotLostException;
import dev.budgetarbiter.client.TokenUsage;
import dev.budgetarbiter.client.internal.loop.Loop;
import dev.budgetarbiter.client.internal.settle.Settlement;
import dev.budgetarbiter.client.internal.telemetry.SlotSpan;
import dev.budgetarbiter.client.internal.transport.KeptLease;
import dev.budgetarbiter.client.internal.usage.VendorShapes;
import dev.budgetarbiter.v1.Lease;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** A slot as its caller has it, on whatever thread; what it is told is kept on the loop. */
public final class HeldSlot implements Slot {
  private static final System.Logger LOG = System.getLogger("dev.budgetarbiter.client");
  private static final long LONGEST_CLOSE_SECONDS = 10;

  private final Granted granted;
  private final String ai;
  private final SlotBooks books;
  private final Loop loop;
  private final SlotSpan span;
  private final boolean isKept;
  private final AtomicBoolean isClosed = new AtomicBoolean();
  private volatile OptionalLong charged = OptionalLong.empty();

  /** What a slot needs of its client. `isKept`: settlements are kept over a crash, for which a close waits. */
  public record Means(Loop loop, SlotSpan span, boolean isKept, Settling settling) {}

  /** Settles in the background. `charged` is told what the service charged, once it is known. */
  @FunctionalInterface
  public interface Settling {
    /** Completes when it will survive a crash. */
    CompletableFuture<Void> settle(Settlement settlement, Consumer<OptionalLong> charged);
  }

  public HeldSlot(Granted granted, String ai, String model, Means means) {
    this.granted = granted;
    this.ai = ai;
    this.loop = means.loop();
    this.span = means.span();
    this.isKept = means.isKept();
    var account = new SlotBooks.Account(granted.budget(), ai, model, granted.settledAs(true), settlement -> means.settling().settle(settlement, this::take));
    this.books = new SlotBooks(account, loop);
  }

  @Override
  public String budget() {
    return granted.budget();
  }

  @Override
  public String ai() {
    return ai;
  }

  @Override
  public Optional<Lease> lease() {
    return granted.lease();
  }

  @Override
  public List<String> deniedRules() {
    return granted.deniedRules();
  }

  @Override
  public OptionalLong charged() {
    return charged;
  }

  @Override
  public void report(TokenUsage usage, ReportDetails details) {
    loop.execute(() -> books.report(usage, details));
  }

  @Override
  public boolean report(Object answer) {
    Optional<TokenUsage> usage = TokenUsage.from(answer);
    usage.ifPresent(found -> report(found, ReportDetails.NONE.withModel(VendorShapes.modelOf(answer))));
    return usage.isPresent();
  }

  @Override
  public void streamed(TokenUsage soFar) {
    loop.execute(() -> books.streamed(soFar));
  }

  @Override
  public void unused() {
    loop.execute(books::unused);
  }

  @Override
  public void fail(Throwable error) {
    span.fail(error);
    loop.execute(() -> books.fail(error));
  }

  @Override
  public boolean isLost() {
    return granted.kept().filter(kept -> kept.lost().isDone()).isPresent();
  }

  @Override
  public void onLost(Consumer<SlotLostException> listener) {
    granted.kept().map(KeptLease::lost).ifPresent(lost -> lost.thenAcceptAsync(listener));
  }

  @Override
  public void close() {
    if (isClosed.getAndSet(true)) return;
    CompletableFuture<Void> kept = new CompletableFuture<>();
    loop.execute(() -> books.leave().whenComplete((done, error) -> kept.complete(null)));
    span.end();
    if (loop.isStopped()) {
      LOG.log(Level.WARNING, "a slot of {0} on {1} ended after its client: what it spent is not booked", ai, budget());
      return;
    }
    // Whatever the caller does next, it is on the disk; but a disk that hangs holds up nobody for ever.
    if (isKept) kept.completeOnTimeout(null, LONGEST_CLOSE_SECONDS, TimeUnit.SECONDS).join();
  }

  private void take(OptionalLong told) {
    if (told.isPresent()) charged = told;
  }
}
