package dev.budgetarbiter.client;

/**
 * What is done while a slot is held.
 *
 * @param <T> what it makes
 * @param <E> what it may throw
 */
@FunctionalInterface
public interface SlotWork<T, E extends Exception> {
  /**
   * Calls the vendor, and reports what that cost.
   *
   * @param slot held until this returns
   * @return what {@link BudgetClient#call} returns
   * @throws E it failed
   */
  T run(Slot slot) throws E;
}
