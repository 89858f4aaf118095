package dev.budgetarbiter.client.internal.transport;

import dev.budgetarbiter.v1.AcquireSlotRequest;
import dev.budgetarbiter.v1.AcquireSlotResponse;
import dev.budgetarbiter.v1.BudgetServiceGrpc;
import dev.budgetarbiter.v1.GetLeaseRequest;
import dev.budgetarbiter.v1.GetLeaseResponse;
import dev.budgetarbiter.v1.Lease;
import dev.budgetarbiter.v1.RecordUsageRequest;
import dev.budgetarbiter.v1.RecordUsageResponse;
import dev.budgetarbiter.v1.ReleaseRequest;
import dev.budgetarbiter.v1.ReleaseResponse;
import dev.budgetarbiter.v1.RenewSlotRequest;
import dev.budgetarbiter.v1.RenewSlotResponse;
import io.grpc.MethodDescriptor;
import io.grpc.Status.Code;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Calls of their own, and a heartbeat for each lease: where no stream can live. */
public final class UnaryTransport implements Transport {
  private final Replicas replicas;
  private final Duration timeout;

  public UnaryTransport(Replicas replicas, Duration timeout) {
    this.replicas = replicas;
    this.timeout = timeout;
  }

  @Override
  public CompletableFuture<Acquired> acquire(AcquireSlotRequest request, Duration within, CompletableFuture<?> left) {
    CompletableFuture<AcquireSlotResponse> asked =
        ask(BudgetServiceGrpc.getAcquireSlotMethod(), request, request.getBudgetId(), within);
    left.whenComplete((value, error) -> asked.completeExceptionally(new CallFailure(Code.CANCELLED, "nobody waits for it")));
    return asked.thenApply(answer -> {
      if (!answer.hasGranted()) return new Acquired(answer, Optional.empty());
      return new Acquired(answer, Optional.of(keep(answer.getGranted().getLease())));
    });
  }

  @Override
  public CompletableFuture<RecordUsageResponse> record(RecordUsageRequest request, String budgetId) {
    return ask(BudgetServiceGrpc.getRecordUsageMethod(), request, budgetId, timeout);
  }

  @Override
  public CompletableFuture<ReleaseResponse> release(ReleaseRequest request, String budgetId) {
    return ask(BudgetServiceGrpc.getReleaseMethod(), request, budgetId, timeout);
  }

  @Override
  public CompletableFuture<GetLeaseResponse> getLease(GetLeaseRequest request, String budgetId, Duration within) {
    return ask(BudgetServiceGrpc.getGetLeaseMethod(), request, budgetId, within);
  }

  @Override
  public Duration timeout() {
    return timeout;
  }

  @Override
  public void close() {
    replicas.close();
  }

  private KeptLease keep(Lease lease) {
    KeptLease kept = new KeptLease(lease, replicas.loop());
    RenewSlotRequest renewal = RenewSlotRequest.newBuilder().setLeaseId(lease.getLeaseId()).build();
    Heartbeat.start(kept, within -> renew(renewal, lease.getBudgetId(), within), replicas.loop());
    return kept;
  }

  private CompletableFuture<RenewSlotResponse> renew(RenewSlotRequest renewal, String budgetId, Duration within) {
    return ask(BudgetServiceGrpc.getRenewSlotMethod(), renewal, budgetId, within);
  }

  private <Q, A> CompletableFuture<A> ask(MethodDescriptor<Q, A> method, Q request, String budgetId, Duration within) {
    CompletableFuture<A> answer = new CompletableFuture<>();
    replicas.pick(budgetId).thenAccept(replica -> ask(replica, method, request, budgetId, within, answer)).exceptionally(
        error -> {
          answer.completeExceptionally(CallFailure.of(error));
          return null;
        });
    return answer;
  }

  private <Q, A> void ask(
      Replica replica, MethodDescriptor<Q, A> method, Q request, String budgetId, Duration within, CompletableFuture<A> answer) {
    if (answer.isDone()) return;
    CompletableFuture<A> call = replica.call(method, request, budgetId, within);
    answer.whenComplete((value, error) -> call.cancel(false));
    call.whenComplete((value, error) -> {
      if (error == null) {
        replicas.markUp(replica);
        answer.complete(value);
        return;
      }
      CallFailure failure = CallFailure.of(error);
      if (failure.isAway()) replicas.markDown(replica);
      answer.completeExceptionally(failure);
    });
  }
}
