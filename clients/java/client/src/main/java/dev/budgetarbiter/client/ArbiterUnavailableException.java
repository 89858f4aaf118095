package dev.budgetarbiter.client;

/** The service did not answer for as long as the caller had patience. */
public final class ArbiterUnavailableException extends ArbiterException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message what was tried, and for how long
   * @param cause what the last try ended with
   */
  public ArbiterUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
