package dev.budgetarbiter.client.internal.settle;

import dev.budgetarbiter.v1.Unreported;
import dev.budgetarbiter.v1.Usage;
import java.time.Duration;
import java.util.List;

/**
 * What is to be told to the service of one slot, until it is known. Kept in the journal as it is: no credentials.
 *
 * @param usages booked one after the other, the last with the release if there is one
 * @param unreported UNREPORTED_UNSPECIFIED: the slot goes on
 * @param firstTriedAt by the wall clock, in milliseconds
 */
public record Settlement(
    String id,
    String budgetId,
    String aiId,
    SettledLease lease,
    List<Usage> usages,
    Unreported unreported,
    long firstTriedAt) {
  /** The service remembers ids for 7 days; an hour less leaves time for clocks that differ. */
  static final Duration LONGEST = Duration.ofDays(7).minusHours(1);

  public boolean isRelease() {
    return unreported != Unreported.UNREPORTED_UNSPECIFIED;
  }
}
