package dev.budgetarbiter.client;

/** No slot. What it is: {@link SlotDeniedException}, {@link ArbiterUnavailableException} or {@link ArbiterRefusedException}. */
public abstract class ArbiterException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ArbiterException(String message, Throwable cause) {
    super(message, cause);
  }
}
