package dev.budgetarbiter.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Puts the LLM calls of this process on shared budgets.
 *
 * <pre>{@code
 * BudgetClient budget = BudgetClient.fromEnv();
 * try (Slot slot = budget.acquire(SlotRequest.of("anthropic", "guardian").estimate(3_000))) {
 *   Message message = anthropic.messages().create(question);
 *   slot.report(message);
 * }
 * }</pre>
 *
 * <p>One of them for a process is enough, and as much as it should have. All threads may use it. Close it at the end.
 */
public interface BudgetClient extends AutoCloseable {
  /** To say where the service is, and what slots are asked for. */
  static BudgetClientBuilder builder() {
    return new BudgetClientBuilder();
  }

  /** By the variables {@code BUDGET_ARBITER_*}. */
  static BudgetClient fromEnv() {
    return builder().fromEnv().build();
  }

  /**
   * Waits for a slot. Give it back with a {@code try}.
   *
   * @throws SlotDeniedException the budget refuses
   * @throws ArbiterUnavailableException the service does not answer
   * @throws ArbiterRefusedException the service refuses this call, whoever repeats it
   * @throws IllegalStateException the client is closed, or is closed during the wait
   * @throws InterruptedException this thread was interrupted; a slot that is granted all the same is given back unused
   */
  Slot acquire(SlotRequest request) throws InterruptedException;

  /**
   * The same for those who must not wait on a thread. Cancelling the future gives up; a slot that is granted all the same is given
   * back unused. Whoever takes the slot closes it.
   */
  CompletableFuture<Slot> acquireAsync(SlotRequest request);

  /**
   * Holds a slot while {@code work} runs, and gives it back whichever way that ends: it sees the exception.
   *
   * @param <T> what the work makes
   * @param <E> what the work may throw
   * @throws E what the work threw
   * @throws InterruptedException as {@link #acquire}
   */
  <T, E extends Exception> T call(SlotRequest request, SlotWork<T, E> work) throws E, InterruptedException;

  /**
   * Waits until all that was reported is known to the service, or so long.
   *
   * @return whether it was
   */
  boolean flush(Duration timeout);

  /** How many settlements the service does not know yet. */
  int unsettled();

  /**
   * Turns away who waits for a slot, flushes, ends the session, and takes nothing more.
   *
   * @return how much is left: settlements, which are in the journal if there is one, else lost; and slots that are still held, whose
   *     estimates are presumed spent
   */
  int close(Duration timeout);

  /** Within 10 seconds. */
  @Override
  default void close() {
    close(Duration.ofSeconds(10));
  }
}
