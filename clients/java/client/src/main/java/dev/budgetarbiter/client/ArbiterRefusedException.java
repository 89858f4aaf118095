package dev.budgetarbiter.client;

/** The service refuses this call, whoever repeats it: only another program or another configuration mends it. */
public final class ArbiterRefusedException extends ArbiterException {
  private static final long serialVersionUID = 1L;

  /** The name of the gRPC code. */
  private final String code;
  /** The service's own word; may be empty. */
  private final String reason;

  /**
   * @param message the service's, for a person
   * @param code the name of the gRPC code
   * @param reason the service's own word; may be empty
   */
  public ArbiterRefusedException(String message, String code, String reason) {
    super(message, null);
    this.code = code;
    this.reason = reason;
  }

  /** The name of the gRPC code, such as {@code PERMISSION_DENIED}. */
  public String code() {
    return code;
  }

  /** The service's own word, such as {@code BUDGET_NOT_FOUND}; empty if it has none. */
  public String reason() {
    return reason;
  }
}
