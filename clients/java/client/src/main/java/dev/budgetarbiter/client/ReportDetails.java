package dev.budgetarbiter.client;

/**
 * How a call went, beside its tokens.
 *
 * @param model the model that answered; empty: what the request for the slot named
 * @param requestType what it was for, in your words; at most 64 bytes
 * @param calls how many calls this is about
 * @param failed it failed, and spent this all the same
 */
public record ReportDetails(String model, String requestType, int calls, boolean failed) {
  /** Of one call that went well. */
  public static final ReportDetails NONE = new ReportDetails("", "", 1, false);

  /** With the model that answered. */
  public ReportDetails withModel(String name) {
    return new ReportDetails(name, requestType, calls, failed);
  }

  /** With what it was for. */
  public ReportDetails withRequestType(String type) {
    return new ReportDetails(model, type, calls, failed);
  }

  /** With the number of calls that this is about. */
  public ReportDetails withCalls(int number) {
    return new ReportDetails(model, requestType, number, failed);
  }

  /** Of calls that failed. */
  public ReportDetails asFailed() {
    return new ReportDetails(model, requestType, calls, true);
  }
}
