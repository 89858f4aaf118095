package dev.budgetarbiter.client;

import dev.budgetarbiter.v1.Lease;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * The right to call the vendor now. Report what the call cost; whichever way it is left, it is settled, in the background.
 *
 * <p>A {@code try} does not tell the slot of an exception: a slot that is closed without a report counts as an answer that does not
 * say what it cost, and all of its estimate is presumed spent. {@link #fail} tells it, and
 * {@link BudgetClient#call} does so by itself.
 */
public interface Slot extends AutoCloseable {
  /** Whose slot it is: with {@link SlotRequest#fallback} perhaps not that which was asked for. */
  String budget();

  /** Who holds it. */
  String ai();

  /** As the service granted it; empty where it was away and the call goes on without one ({@link SlotRequest#failOpen}). */
  Optional<Lease> lease();

  /** The rules that had refused before it was granted, such as {@code COOLDOWN}. */
  List<String> deniedRules();

  /** What the service charged, in charged tokens; empty until it is settled, which {@link BudgetClient#flush} waits for. */
  OptionalLong charged();

  /** What the call cost. */
  default void report(TokenUsage usage) {
    report(usage, ReportDetails.NONE);
  }

  /** What the call cost, and how it went. */
  void report(TokenUsage usage, ReportDetails details);

  /**
   * What the call cost, as the vendor's answer or usage object says: see {@link TokenUsage#from}.
   *
   * @return false if the answer does not say; then all of the estimate is presumed spent, unless you report a count of your own
   */
  boolean report(Object answer);

  /** What a stream has said so far of its cost: booked if it breaks or is left; the rest of the estimate is presumed spent. */
  void streamed(TokenUsage soFar);

  /** The vendor was never asked: what was reserved is free again, and the cooldown, too. */
  void unused();

  /** The call failed so. A refusal of the vendor costs nothing, a call that broke on its way nobody knows how much. */
  void fail(Throwable error);

  /** The lease was lost: stop, the slot may be another's already. */
  boolean isLost();

  /** Runs it when the slot is lost, on a thread of its own; never, if it is not. */
  void onLost(Consumer<SlotLostException> listener);

  /**
   * Gives it back, once. The service is told in the background; with a journal this returns when that will survive a crash. Throws
   * nothing.
   */
  @Override
  void close();
}
