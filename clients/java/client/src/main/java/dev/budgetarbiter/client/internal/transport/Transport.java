package dev.budgetarbiter.client.internal.transport;

import dev.budgetarbiter.v1.AcquireSlotRequest;
import dev.budgetarbiter.v1.AcquireSlotResponse;
import dev.budgetarbiter.v1.GetLeaseRequest;
import dev.budgetarbiter.v1.GetLeaseResponse;
import dev.budgetarbiter.v1.RecordUsageRequest;
import dev.budgetarbiter.v1.RecordUsageResponse;
import dev.budgetarbiter.v1.ReleaseRequest;
import dev.budgetarbiter.v1.ReleaseResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The way to the service. Called on the loop, completed on the loop, with a `CallFailure` if not with an answer. Every call may be
 * repeated with the same ids for one effect.
 */
public interface Transport {
  /** Asks once. A grant is kept alive until it is let go. Once `left` is completed a call that can be cancelled is. */
  CompletableFuture<Acquired> acquire(AcquireSlotRequest request, Duration within, CompletableFuture<?> left);

  /** `budgetId`: that of the lease, since its id alone does not say where it is kept. */
  CompletableFuture<RecordUsageResponse> record(RecordUsageRequest request, String budgetId);

  CompletableFuture<ReleaseResponse> release(ReleaseRequest request, String budgetId);

  CompletableFuture<GetLeaseResponse> getLease(GetLeaseRequest request, String budgetId, Duration within);

  /** Within which a call that does not wait must be answered. */
  Duration timeout();

  void close();

  /** `kept`: that of a grant. */
  record Acquired(AcquireSlotResponse answer, Optional<KeptLease> kept) {}
}
