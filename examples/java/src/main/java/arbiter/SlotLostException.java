package arbiter;

/** The lease ended while the work was under way. Stop: the slot may be another's already. */
public final class SlotLostException extends Exception {
  SlotLostException(String leaseId, Throwable cause) {
    super("the lease is lost: " + leaseId, cause);
  }
}
