package dev.budgetarbiter.client.internal.settle;

import dev.budgetarbiter.client.internal.transport.CallFailure;
import dev.budgetarbiter.client.internal.transport.Transport;
import dev.budgetarbiter.v1.GetLeaseRequest;
import dev.budgetarbiter.v1.LeaseRequest;
import dev.budgetarbiter.v1.RecordUsageRequest;
import dev.budgetarbiter.v1.ReleaseRequest;
import dev.budgetarbiter.v1.Unleased;
import dev.budgetarbiter.v1.Unreported;
import dev.budgetarbiter.v1.Usage;
import io.grpc.Status.Code;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** One try, with the ids of all tries. Fails with a `CallFailure` where the outcome is unknown, or the service refuses it. */
final class SettleOnce {
  /** Refused so, nothing of the release's usage is booked. */
  private static final Set<String> NOT_BOOKED =
      Set.of("LEASE_NOT_FOUND", "SESSION_TAKEN_UP", "ID_REUSED", "BUDGET_NOT_FOUND");
  private static final CompletableFuture<Void> DONE = CompletableFuture.completedFuture(null);

  private final Transport transport;
  private final Settlement of;

  private SettleOnce(Transport transport, Settlement of) {
    this.transport = transport;
    this.of = of;
  }

  /** What was charged to the lease in all, where a release said so. */
  static CompletableFuture<OptionalLong> run(Transport transport, Settlement settlement) {
    SettleOnce once = new SettleOnce(transport, settlement);
    return once.leaseId().thenCompose(id -> id.map(once::settle).orElseGet(once::settleWithoutLease));
  }

  /** That which the request was granted, if it was: its answer may have been lost. */
  private CompletableFuture<Optional<String>> leaseId() {
    if (of.lease().isKnown()) return CompletableFuture.completedFuture(Optional.of(of.lease().leaseId()));
    LeaseRequest.Builder request = LeaseRequest.newBuilder()
        .setBudgetId(of.budgetId())
        .setAiId(of.aiId())
        .setRequestId(of.lease().requestId());
    return transport
        .getLease(GetLeaseRequest.newBuilder().setRequest(request).build(), of.budgetId(), transport.timeout())
        .thenApply(answer -> Optional.of(answer.getLease().getLeaseId()))
        .exceptionallyCompose(error -> isNotFound(error)
            ? CompletableFuture.completedFuture(Optional.empty())
            : CompletableFuture.failedFuture(error));
  }

  private CompletableFuture<OptionalLong> settleWithoutLease() {
    return (of.lease().isSpent() ? each(of.usages(), this::bookUnleased) : DONE).thenApply(done -> OptionalLong.empty());
  }

  private CompletableFuture<OptionalLong> settle(String leaseId) {
    List<Usage> usages = of.usages();
    // UNUSED goes without usage, and says so of a failed call that spent nothing, too.
    boolean isTogether = of.isRelease() && of.unreported() != Unreported.UNREPORTED_UNUSED && !usages.isEmpty();
    int apart = isTogether ? usages.size() - 1 : usages.size();
    CompletableFuture<Void> booked = each(usages.subList(0, apart), usage -> book(leaseId, usage));
    if (!of.isRelease()) return booked.thenApply(done -> OptionalLong.empty());
    Optional<Usage> last = isTogether ? Optional.of(usages.get(apart)) : Optional.empty();
    return booked.thenCompose(done -> release(leaseId, last, of.unreported()));
  }

  private CompletableFuture<Void> book(String leaseId, Usage usage) {
    return record(RecordUsageRequest.newBuilder().setLeaseId(leaseId).setUsage(usage))
        .exceptionallyCompose(error -> isNotFound(error) ? bookUnleased(usage) : CompletableFuture.failedFuture(error));
  }

  /** Of a lease that is forgotten, or never was. Its usage id is the same, so it is booked once. */
  private CompletableFuture<Void> bookUnleased(Usage usage) {
    Unleased.Builder unleased = Unleased.newBuilder().setBudgetId(of.budgetId()).setAiId(of.aiId());
    return record(RecordUsageRequest.newBuilder().setUnleased(unleased).setUsage(usage));
  }

  private CompletableFuture<Void> record(RecordUsageRequest.Builder request) {
    return transport.record(request.build(), of.budgetId()).thenApply(answer -> null);
  }

  private CompletableFuture<OptionalLong> release(String leaseId, Optional<Usage> usage, Unreported unreported) {
    ReleaseRequest.Builder request = ReleaseRequest.newBuilder().setLeaseId(leaseId).setUnreported(unreported);
    usage.ifPresent(request::setUsage);
    CompletableFuture<OptionalLong> released =
        transport.release(request.build(), of.budgetId()).thenApply(answer -> OptionalLong.of(answer.getUsedTokens()));
    return released.exceptionallyCompose(error -> {
      String reason = CallFailure.of(error).reason();
      if (reason.equals("USAGE_REPORTED")) return release(leaseId, usage, Unreported.UNREPORTED_FREE);
      CompletableFuture<OptionalLong> unknown = CompletableFuture.completedFuture(OptionalLong.empty());
      if (NOT_BOOKED.contains(reason)) return usage.map(each -> book(leaseId, each)).orElse(DONE).thenCompose(done -> unknown);
      // Over for long, with nothing to report: there is nothing left to give back.
      if (reason.equals("LEASE_CLOSED") && usage.isEmpty()) return unknown;
      return CompletableFuture.failedFuture(error);
    });
  }

  private static CompletableFuture<Void> each(List<Usage> usages, Function<Usage, CompletableFuture<Void>> book) {
    CompletableFuture<Void> all = DONE;
    for (Usage usage : usages) all = all.thenCompose(done -> book.apply(usage));
    return all;
  }

  private static boolean isNotFound(Throwable error) {
    return CallFailure.of(error).code() == Code.NOT_FOUND;
  }
}
