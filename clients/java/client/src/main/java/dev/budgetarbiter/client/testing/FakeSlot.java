package dev.budgetarbiter.client.testing;

import dev.budgetarbiter.client.SlotRequest;
import dev.budgetarbiter.v1.Unreported;
import dev.budgetarbiter.v1.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What became of a slot that {@link FakeBudgetClient} handed out. */
public final class FakeSlot {
  private final SlotRequest request;
  private final List<Usage> usages = new ArrayList<>();
  private Unreported ended;

  FakeSlot(SlotRequest request) {
    this.request = request;
  }

  /** What was asked for. */
  public SlotRequest request() {
    return request;
  }

  /** What was booked on it, as the service would get it. */
  public List<Usage> usages() {
    return List.copyOf(usages);
  }

  /** The sum of all tokens of all kinds that were booked. */
  public long tokens() {
    return usages.stream().map(Usage::getTokens)
        .mapToLong(each -> each.getInputTokens() + each.getOutputTokens() + each.getCacheReadTokens()
            + each.getCacheWriteTokens() + each.getReasoningTokens() + each.getTotalTokens())
        .sum();
  }

  /** What becomes of what was not reported; empty while the slot is held. */
  public Optional<Unreported> ended() {
    return Optional.ofNullable(ended);
  }

  void book(List<Usage> more, Unreported unreported) {
    usages.addAll(more);
    if (unreported != Unreported.UNREPORTED_UNSPECIFIED) ended = unreported;
  }
}
