package dev.budgetarbiter.springai;

import dev.budgetarbiter.client.ReportDetails;
import dev.budgetarbiter.client.Slot;
import dev.budgetarbiter.client.TokenUsage;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;

/** What the answers in one slot say of their cost: the last that says anything counts, since streams count up. */
final class SpentTokens {
  private final Slot slot;
  private TokenUsage usage;
  private String model = "";

  SpentTokens(Slot slot) {
    this.slot = slot;
  }

  SpentTokens take(ChatClientResponse response) {
    ChatResponse answer = response.chatResponse();
    if (answer == null || answer.getMetadata() == null) return this;
    TokenUsage.from(answer.getMetadata().getUsage()).filter(found -> !found.isZero()).ifPresent(found -> usage = found);
    String named = answer.getMetadata().getModel();
    if (named != null && !named.isEmpty()) model = named;
    return this;
  }

  /** It is over. An answer that did not say what it cost is presumed to have cost the estimate. */
  void report() {
    if (usage != null) slot.report(usage, ReportDetails.NONE.withModel(model));
    slot.close();
  }

  void fail(Throwable error) {
    slot.fail(error);
    leave();
  }

  /** Before its end. */
  void leave() {
    if (usage != null) slot.streamed(usage);
    slot.close();
  }
}
