package arbiter;

import dev.budgetarbiter.v1.Lease;
import dev.budgetarbiter.v1.RecordUsageRequest;
import dev.budgetarbiter.v1.ReleaseRequest;
import dev.budgetarbiter.v1.RenewSlotRequest;
import dev.budgetarbiter.v1.Usage;
import com.google.protobuf.util.Durations;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** A slot that is held: renewed in the background until it is closed. */
public final class Slot implements AutoCloseable {
  private static final Set<Status.Code> OVER = Set.of(Status.Code.FAILED_PRECONDITION, Status.Code.NOT_FOUND);
  private static final Duration SHORTEST_BEAT = Duration.ofMillis(100);

  private final BudgetClient client;
  private final Lease lease;
  private final List<String> deniedRules;
  private final CompletableFuture<Object> lost = new CompletableFuture<>();
  private final Thread heartbeat = new Thread(this::keepAlive, "heartbeat");
  private Usage finalUsage;
  private Long usedTokens;

  Slot(BudgetClient client, Lease lease, List<String> deniedRules) {
    this.client = client;
    this.lease = lease;
    this.deniedRules = deniedRules;
    heartbeat.setDaemon(true);
    heartbeat.start();
  }

  public Lease lease() {
    return lease;
  }

  /** The rules that had refused before the slot was granted. */
  public List<String> deniedRules() {
    return deniedRules;
  }

  /** Waits for a step of the work, such as {@code HttpClient.sendAsync}, but no longer than the lease is held. */
  public <T> T await(CompletableFuture<T> step) throws SlotLostException, ExecutionException, InterruptedException {
    try {
      CompletableFuture.anyOf(step, lost).get();
      return step.get();
    } catch (ExecutionException error) {
      step.cancel(true);
      if (error.getCause() instanceof SlotLostException) throw (SlotLostException) error.getCause();
      throw error;
    }
  }

  /** Books what one call spent, at once. Returns the tokens charged. */
  public long record(Usage usage) throws InterruptedException {
    RecordUsageRequest request =
        RecordUsageRequest.newBuilder().setLeaseId(lease.getLeaseId()).setUsage(withId(usage)).build();
    return client
        .retry(stub -> stub.recordUsage(request), BudgetClient.CALL_TIMEOUT, BudgetClient.REPORT_PATIENCE)
        .getChargedTokens();
  }

  /** A last report: booked together with the release, which saves a call. */
  public void recordAtRelease(Usage usage) {
    finalUsage = withId(usage);
  }

  /** Gives the slot back, once. Returns the tokens charged to the lease in all. */
  public long release() throws InterruptedException {
    if (usedTokens != null) return usedTokens;
    heartbeat.interrupt();
    ReleaseRequest.Builder request = ReleaseRequest.newBuilder().setLeaseId(lease.getLeaseId());
    if (finalUsage != null) request.setUsage(finalUsage);
    try {
      usedTokens = client
          .retry(stub -> stub.release(request.build()), BudgetClient.CALL_TIMEOUT, BudgetClient.REPORT_PATIENCE)
          .getUsedTokens();
    } catch (StatusRuntimeException error) {
      // Ended long ago, and nothing to report: there is nothing left to give back.
      if (finalUsage != null || !OVER.contains(error.getStatus().getCode())) throw error;
      usedTokens = lease.getUsedTokens();
    }
    return usedTokens;
  }

  @Override
  public void close() throws InterruptedException {
    release();
  }

  /** Renews at a third of the time left: at a third of the TTL, and ever sooner while the service is away. */
  private void keepAlive() {
    RenewSlotRequest request = RenewSlotRequest.newBuilder().setLeaseId(lease.getLeaseId()).build();
    // Counted from the answer on the monotonic clock, since this machine's wall clock may differ from the service's.
    long endsAt = System.nanoTime() + Durations.toNanos(lease.getExpiresIn());
    Throwable why = null;
    while (endsAt > System.nanoTime() && why == null) {
      long left = endsAt - System.nanoTime();
      Duration beat = Duration.ofNanos(Math.max(left / 3, SHORTEST_BEAT.toNanos()));
      try {
        Thread.sleep(Math.min(left / 1_000_000 + 1, beat.toMillis()));
        long sentAt = System.nanoTime();
        Lease renewed = client.once(stub -> stub.renewSlot(request), beat).getLease();
        endsAt = sentAt + Durations.toNanos(renewed.getExpiresIn());
      } catch (StatusRuntimeException error) {
        if (error.getStatus().getCode() == Status.Code.CANCELLED) return;
        if (OVER.contains(error.getStatus().getCode())) why = error;
      } catch (InterruptedException stopped) {
        return;
      }
    }
    lost.completeExceptionally(new SlotLostException(lease.getLeaseId(), why));
  }

  /** The id is made once per report, not per try: so a retry is booked once. */
  private static Usage withId(Usage usage) {
    if (!usage.getUsageId().isEmpty()) return usage;
    return usage.toBuilder().setUsageId(UUID.randomUUID().toString()).build();
  }
}
