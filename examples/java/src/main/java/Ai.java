import dev.budgetarbiter.client.BudgetClient;
import dev.budgetarbiter.client.ReportDetails;
import dev.budgetarbiter.client.Slot;
import dev.budgetarbiter.client.SlotRequest;
import dev.budgetarbiter.client.TokenUsage;
import dev.budgetarbiter.v1.Lease;
import java.time.Duration;
import java.util.stream.Collectors;

/** A small AI: makes some simulated LLM calls, in slots of its own, and prints one JSON line for each slot. */
public final class Ai {
  private static final int CALLS = Integer.parseInt(env("CALLS", "1"));
  private static final long TOKENS = Long.parseLong(env("TOKENS", "200"));

  private Ai() {}

  public static void main(String[] args) throws InterruptedException {
    SlotRequest request = SlotRequest.of(env("BUDGET_ID", "anthropic"), env("AI_ID", "java-ai"))
        .estimate(TOKENS)
        .wait(seconds("WAIT_SECONDS", "10"))
        .patience(seconds("PATIENCE_SECONDS", "600"));
    try (BudgetClient budget = BudgetClient.builder().address(env("ARBITER_ADDRESS", "127.0.0.1:50051")).build()) {
      for (int call = 0; call < CALLS; call += 1) {
        Slot held = budget.call(request, slot -> {
          slot.report(callModel(TOKENS - TOKENS / 2), ReportDetails.NONE.withModel("simulated"));
          slot.report(callModel(TOKENS / 2), ReportDetails.NONE.withModel("simulated"));
          return slot;
        });
        // The budget is told in the background. An AI need not wait for that; these lines say what was charged.
        budget.flush(Duration.ofMinutes(1));
        System.out.println(toJson(held));
      }
    }
  }

  /** Stands for a call of a model's API: takes its time, and tells what it spent. */
  private static TokenUsage callModel(long budgeted) throws InterruptedException {
    Thread.sleep(100);
    return TokenUsage.of(budgeted - budgeted / 2, budgeted / 2);
  }

  private static String toJson(Slot slot) {
    Lease lease = slot.lease().orElseThrow();
    String denied = slot.deniedRules().stream().map(rule -> '"' + rule + '"').collect(Collectors.joining(","));
    return String.format(
        "{\"ai\":\"%s\",\"lease_id\":\"%s\",\"fence\":%d,\"charged\":%d%s}",
        slot.ai(),
        lease.getLeaseId(),
        lease.getFence(),
        slot.charged().orElseThrow(),
        denied.isEmpty() ? "" : ",\"denied_first\":[" + denied + "]");
  }

  private static Duration seconds(String name, String otherwise) {
    return Duration.ofMillis((long) (Double.parseDouble(env(name, otherwise)) * 1_000));
  }

  private static String env(String name, String otherwise) {
    return System.getenv().getOrDefault(name, otherwise);
  }
}
