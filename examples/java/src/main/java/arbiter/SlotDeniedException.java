package arbiter;

import dev.budgetarbiter.v1.Blocker;
import dev.budgetarbiter.v1.Denial;
import java.util.stream.Collectors;

/** No slot: waiting does not help, or would take longer than the caller has patience. */
public final class SlotDeniedException extends Exception {
  private final transient Denial denial;

  SlotDeniedException(Denial denial) {
    super(denial.getBlockersList().stream().map(Blocker::getMessage).collect(Collectors.joining("; ")));
    this.denial = denial;
  }

  public Denial denial() {
    return denial;
  }
}
