package arbiter;

import dev.budgetarbiter.v1.TokenCounts;
import dev.budgetarbiter.v1.Usage;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A small AI: makes some simulated LLM calls, each in a slot of its own, and prints one JSON line for each. */
public final class Ai {
  private static final String ADDRESS = env("ARBITER_ADDRESS", "127.0.0.1:50051");
  private static final String BUDGET = env("BUDGET_ID", "anthropic");
  private static final String AI = env("AI_ID", "java-ai");
  private static final int CALLS = Integer.parseInt(env("CALLS", "1"));
  private static final long TOKENS = Long.parseLong(env("TOKENS", "200"));
  private static final Duration WAIT = Duration.ofSeconds(Long.parseLong(env("WAIT_SECONDS", "10")));
  private static final Duration PATIENCE = Duration.ofSeconds(Long.parseLong(env("PATIENCE_SECONDS", "600")));

  public static void main(String[] args) throws Exception {
    ManagedChannel channel = Grpc.newChannelBuilder(ADDRESS, InsecureChannelCredentials.create()).build();
    BudgetClient client = new BudgetClient(channel);
    SlotRequest request = new SlotRequest(BUDGET, AI, TOKENS, WAIT, PATIENCE);
    try {
      for (int call = 0; call < CALLS; call++) System.out.println(toJson(client.withSlot(request, Ai::work)));
    } finally {
      channel.shutdown().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  /** Two model calls in one slot, a draft and its revision. */
  private static Void work(Slot slot) throws Exception {
    slot.record(slot.await(callModel(TOKENS - TOKENS / 2)));
    slot.recordAtRelease(slot.await(callModel(TOKENS / 2)));
    return null;
  }

  /** Stands for a call of a model's API: takes its time, and tells what it spent. */
  private static CompletableFuture<Usage> callModel(long budgeted) {
    TokenCounts spent =
        TokenCounts.newBuilder().setInputTokens(budgeted - budgeted / 2).setOutputTokens(budgeted / 2).build();
    Usage usage = Usage.newBuilder().setModel("simulated").setTokens(spent).build();
    return CompletableFuture.supplyAsync(
        () -> usage, CompletableFuture.delayedExecutor(100, TimeUnit.MILLISECONDS));
  }

  private static JsonObject toJson(BudgetClient.Settled<?> settled) {
    JsonObject line = new JsonObject();
    line.addProperty("ai", AI);
    line.addProperty("lease_id", settled.lease().getLeaseId());
    line.addProperty("fence", settled.lease().getFence());
    line.addProperty("charged", settled.usedTokens());
    if (!settled.deniedRules().isEmpty()) {
      JsonArray rules = new JsonArray();
      settled.deniedRules().forEach(rules::add);
      line.add("denied_first", rules);
    }
    return line;
  }

  private static String env(String name, String otherwise) {
    return System.getenv().getOrDefault(name, otherwise);
  }
}
