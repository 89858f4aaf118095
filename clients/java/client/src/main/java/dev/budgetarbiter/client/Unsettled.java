package dev.budgetarbiter.client;

import dev.budgetarbiter.v1.Usage;
import java.util.List;

/**
 * What was given up: the service refuses it, or was away for a week.
 *
 * @param budget of which budget
 * @param ai who spent
 * @param leaseId on which lease; empty if there was none
 * @param usages what was to be booked, with its ids: an operator can bring it in with {@code AdjustUsage}
 * @param why what the last try ended with
 */
public record Unsettled(String budget, String ai, String leaseId, List<Usage> usages, String why) {}
