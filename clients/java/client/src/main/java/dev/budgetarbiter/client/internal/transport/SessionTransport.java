package dev.budgetarbiter.client.internal.transport;

import dev.budgetarbiter.client.internal.loop.Loop;
import dev.budgetarbiter.v1.AcquireSlotRequest;
import dev.budgetarbiter.v1.AcquireSlotResponse;
import dev.budgetarbiter.v1.GetLeaseRequest;
import dev.budgetarbiter.v1.GetLeaseResponse;
import dev.budgetarbiter.v1.RecordUsageRequest;
import dev.budgetarbiter.v1.RecordUsageResponse;
import dev.budgetarbiter.v1.ReleaseRequest;
import dev.budgetarbiter.v1.ReleaseResponse;
import dev.budgetarbiter.v1.SessionRequest;
import dev.budgetarbiter.v1.SessionResponse;
import dev.budgetarbiter.v1.SessionResponse.AnswerCase;
import io.grpc.Status.Code;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** A session to each replica that this process's budgets are on; unary calls where a session is refused, or broken. */
public final class SessionTransport implements Transport {
  /** Where a session was refused, it is tried again after so long: the service may have been upgraded. */
  private static final Duration REFUSED_FOR = Duration.ofMinutes(1);
  private static final CallFailure LATE = new CallFailure(Code.DEADLINE_EXCEEDED, "the service did not answer in time");
  /** It knows no sessions, or none without an AI, or has no room for one. */
  private static final Set<Code> REFUSALS = EnumSet.of(Code.UNIMPLEMENTED, Code.INVALID_ARGUMENT, Code.RESOURCE_EXHAUSTED);

  private final Replicas replicas;
  private final Duration timeout;
  private final Loop loop;
  private final UnaryTransport unary;
  private final Set<Session> sessions = new LinkedHashSet<>();
  /** By the name of the address: when it was refused. */
  private final Map<String, Long> refusedAt = new HashMap<>();

  public SessionTransport(Replicas replicas, Duration timeout) {
    this.replicas = replicas;
    this.timeout = timeout;
    this.loop = replicas.loop();
    this.unary = new UnaryTransport(replicas, timeout);
  }

  @Override
  public CompletableFuture<Acquired> acquire(AcquireSlotRequest request, Duration within, CompletableFuture<?> left) {
    return replicas.pick(request.getBudgetId()).thenCompose(replica -> {
      Address address = replica.address();
      if (isRefused(address)) return unary.acquire(request, within, left);
      Session session = sessionAt(address, request.getBudgetId());
      return acquireIn(session, request, within)
          .handle((acquired, error) -> {
            if (error == null) return CompletableFuture.completedFuture(acquired);
            CallFailure failure = CallFailure.of(error);
            if (failure.isAway()) replicas.markDown(replica);
            if (session.isOpen() || !REFUSALS.contains(failure.code())) return CompletableFuture.<Acquired>failedFuture(failure);
            refusedAt.put(address.name(), loop.nanoTime());
            session.close();
            return unary.acquire(request, within, left);
          })
          .thenCompose(next -> next);
    });
  }

  @Override
  public CompletableFuture<RecordUsageResponse> record(RecordUsageRequest request, String budgetId) {
    Optional<Session> session = sessionOf(request.getLeaseId());
    if (session.isEmpty()) return unary.record(request, budgetId);
    SessionRequest.Builder call = SessionRequest.newBuilder().setRecord(request);
    return inTime(session.get().call(call, AnswerCase.RECORDED, budgetId), timeout).thenApply(SessionResponse::getRecorded);
  }

  @Override
  public CompletableFuture<ReleaseResponse> release(ReleaseRequest request, String budgetId) {
    Optional<Session> session = sessionOf(request.getLeaseId());
    if (session.isEmpty()) return unary.release(request, budgetId);
    SessionRequest.Builder call = SessionRequest.newBuilder().setRelease(request);
    return inTime(session.get().call(call, AnswerCase.RELEASED, budgetId), timeout).thenApply(SessionResponse::getReleased);
  }

  @Override
  public CompletableFuture<GetLeaseResponse> getLease(GetLeaseRequest request, String budgetId, Duration within) {
    return unary.getLease(request, budgetId, within);
  }

  @Override
  public Duration timeout() {
    return timeout;
  }

  @Override
  public void close() {
    List.copyOf(sessions).forEach(Session::close);
    replicas.close();
  }

  private CompletableFuture<Acquired> acquireIn(Session session, AcquireSlotRequest request, Duration within) {
    SessionRequest.Builder call = SessionRequest.newBuilder().setAcquire(request);
    CompletableFuture<SessionResponse> asked = session.call(call, AnswerCase.ACQUIRED, request.getBudgetId());
    // What waits for a session to open was not asked yet.
    Supplier<CallFailure> late = () -> session.isOpen() ? LATE : LATE.unsent();
    return inTime(asked, within, late).thenApply(response -> {
      AcquireSlotResponse answer = response.getAcquired();
      if (!answer.hasGranted()) return new Acquired(answer, Optional.empty());
      KeptLease kept = new KeptLease(answer.getGranted().getLease(), loop);
      session.keep(kept);
      return new Acquired(answer, Optional.of(kept));
    });
  }

  private boolean isRefused(Address address) {
    Long at = refusedAt.get(address.name());
    return at != null && loop.since(at).compareTo(REFUSED_FOR) < 0;
  }

  private Session sessionAt(Address address, String budgetId) {
    for (Session session : sessions) if (session.isAt(address) && session.hasRoomFor(budgetId)) return session;
    Session made = new Session(address, replicas, sessions::remove);
    sessions.add(made);
    return made;
  }

  /** That has the lease and an open stream: whatever else there is, a call of its own does as well. */
  private Optional<Session> sessionOf(String leaseId) {
    return sessions.stream().filter(session -> session.isOpen() && session.keeps(leaseId)).findFirst();
  }

  private <T> CompletableFuture<T> inTime(CompletableFuture<T> asked, Duration within) {
    return inTime(asked, within, () -> LATE);
  }

  private <T> CompletableFuture<T> inTime(CompletableFuture<T> asked, Duration within, Supplier<CallFailure> late) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    Loop.Timer timer = loop.schedule(within, () -> answer.completeExceptionally(late.get()));
    asked.whenComplete((value, error) -> {
      timer.cancel();
      if (error == null) answer.complete(value);
      else answer.completeExceptionally(CallFailure.of(error));
    });
    return answer;
  }
}
