package dev.budgetarbiter.client;

/** The lease was lost during the call: stop, its slot may be another's already. See {@link Slot#onLost}. */
public final class SlotLostException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** @param message how it was lost */
  public SlotLostException(String message) {
    super(message);
  }
}
