package dev.budgetarbiter.client.internal.settle;

/**
 * Which lease a settlement is of: known by its id, or only by the request that may have been granted. `isSpent`: without a lease,
 * too, its usage is booked.
 */
public record SettledLease(String leaseId, String requestId, boolean isSpent) {
  public static SettledLease of(String leaseId) {
    return new SettledLease(leaseId, "", true);
  }

  public static SettledLease ofRequest(String requestId, boolean isSpent) {
    return new SettledLease("", requestId, isSpent);
  }

  public boolean isKnown() {
    return !leaseId.isEmpty();
  }

  String key() {
    return isKnown() ? leaseId : requestId;
  }
}
