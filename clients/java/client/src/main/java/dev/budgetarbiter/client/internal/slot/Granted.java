package dev.budgetarbiter.client.internal.slot;

import dev.budgetarbiter.client.internal.settle.SettledLease;
import dev.budgetarbiter.client.internal.transport.KeptLease;
import dev.budgetarbiter.v1.Lease;
import java.util.List;
import java.util.Optional;

/**
 * What became of a request, and the rules that had refused it before. No lease: the service was away, and the call goes on without a
 * slot.
 */
public record Granted(String budget, String requestId, Optional<KeptLease> kept, List<String> deniedRules) {
  public static Granted without(String budget, String requestId) {
    return new Granted(budget, requestId, Optional.empty(), List.of());
  }

  public Optional<Lease> lease() {
    return kept.map(KeptLease::lease);
  }

  /** `isSpent`: without a lease, too, its usage is booked. */
  public SettledLease settledAs(boolean isSpent) {
    return lease().map(lease -> SettledLease.of(lease.getLeaseId())).orElseGet(() -> SettledLease.ofRequest(requestId, isSpent));
  }
}
