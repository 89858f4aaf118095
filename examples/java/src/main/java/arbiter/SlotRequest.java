package arbiter;

import dev.budgetarbiter.v1.AcquireSlotRequest;
import com.google.protobuf.util.Durations;
import java.time.Duration;
import java.util.UUID;

/**
 * What to ask for.
 *
 * @param estimatedTokens what the work will probably cost; 0 leaves it to the policy's default reservation
 * @param maxWait how long to stand in the service's queue, which serves first who used least
 * @param patience when to give up
 */
public record SlotRequest(String budgetId, String aiId, long estimatedTokens, Duration maxWait, Duration patience) {
  AcquireSlotRequest toMessage() {
    AcquireSlotRequest.Builder message = AcquireSlotRequest.newBuilder()
        .setBudgetId(budgetId)
        .setAiId(aiId)
        // One id for all tries: if an answer is lost, the next try finds the lease in place of taking a second slot.
        .setRequestId(UUID.randomUUID().toString())
        .setWait(Durations.fromNanos(maxWait.toNanos()));
    if (estimatedTokens > 0) message.setEstimatedTokens(estimatedTokens);
    return message.build();
  }
}
