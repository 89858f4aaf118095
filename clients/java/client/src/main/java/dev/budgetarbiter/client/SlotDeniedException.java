package dev.budgetarbiter.client;

import dev.budgetarbiter.client.internal.DenialAnswer;
import dev.budgetarbiter.client.internal.Durations;
import dev.budgetarbiter.client.internal.Rules;
import dev.budgetarbiter.v1.Blocker;
import dev.budgetarbiter.v1.Denial;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * No slot: the rules of the budget refuse, and waiting does not help or would take longer than the caller has patience. It has
 * cost nothing.
 */
public final class SlotDeniedException extends ArbiterException {
  private static final long serialVersionUID = 1L;

  /** What the service said. */
  private final Denial denial;
  /** The budget that was asked. */
  private final String budget;
  /** Who asked. */
  private final String ai;

  /**
   * @param denial what the service said
   * @param budget the budget that was asked
   * @param ai who asked
   */
  public SlotDeniedException(Denial denial, String budget, String ai) {
    super(messageOf(denial), null);
    this.denial = denial;
    this.budget = budget;
    this.ai = ai;
  }

  /** All that the service said. */
  public Denial denial() {
    return denial;
  }

  /** The budget that was asked. */
  public String budget() {
    return budget;
  }

  /** Who asked. */
  public String ai() {
    return ai;
  }

  /** Every rule that refuses, such as {@code HOURLY_CAP}; of a later release's, its number. */
  public List<String> rules() {
    return Rules.of(denial);
  }

  /** After this asking again may help. Empty if nobody knows, or if no waiting helps. */
  public Optional<Duration> retryAfter() {
    return denial.hasRetryAfter() ? Optional.of(Durations.of(denial.getRetryAfter())) : Optional.empty();
  }

  /** No waiting helps: ask for less. */
  public boolean permanent() {
    return denial.getPermanent();
  }

  /** Budgets to ask instead, best first. */
  public List<String> fallbackBudgetIds() {
    return List.copyOf(denial.getFallbackBudgetIdsList());
  }

  /** What a server tells its own caller: 400 for good, 503 while the budget is paused, else 429. */
  public HttpAnswer toHttp() {
    return DenialAnswer.of(this);
  }

  private static String messageOf(Denial denial) {
    String message = denial.getBlockersList().stream().map(Blocker::getMessage).collect(Collectors.joining("; "));
    return message.isEmpty() ? "no slot" : message;
  }
}
