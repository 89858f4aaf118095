package dev.budgetarbiter.client.support;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.ErrorInfo;
import dev.budgetarbiter.v1.AcquireSlotRequest;
import dev.budgetarbiter.v1.AcquireSlotResponse;
import dev.budgetarbiter.v1.BudgetServiceGrpc;
import dev.budgetarbiter.v1.Denial;
import dev.budgetarbiter.v1.GetLeaseRequest;
import dev.budgetarbiter.v1.GetLeaseResponse;
import dev.budgetarbiter.v1.Grant;
import dev.budgetarbiter.v1.Lease;
import dev.budgetarbiter.v1.OpenSession;
import dev.budgetarbiter.v1.RecordUsageRequest;
import dev.budgetarbiter.v1.RecordUsageResponse;
import dev.budgetarbiter.v1.ReleaseRequest;
import dev.budgetarbiter.v1.ReleaseResponse;
import dev.budgetarbiter.v1.RenewSlotRequest;
import dev.budgetarbiter.v1.RenewSlotResponse;
import dev.budgetarbiter.v1.SessionOpened;
import dev.budgetarbiter.v1.SessionRequest;
import dev.budgetarbiter.v1.SessionResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A service that does what the test says, within this process; it keeps what it was asked. */
public final class FakeService extends BudgetServiceGrpc.BudgetServiceImplBase {
  public final List<String> calls = new ArrayList<>();
  public final List<AcquireSlotRequest> acquires = new ArrayList<>();
  public final List<RecordUsageRequest> records = new ArrayList<>();
  public final List<ReleaseRequest> releases = new ArrayList<>();
  public final List<OpenSession> opens = new ArrayList<>();
  /** By request id. */
  public final Map<String, Lease> leases = new LinkedHashMap<>();
  /** What the next acquires are answered with; then it grants. */
  public final Deque<Denial> denials = new ArrayDeque<>();
  /** What the next calls, of whatever kind, end with. */
  public final Deque<StatusRuntimeException> failures = new ArrayDeque<>();
  public StatusRuntimeException refusesSessions;
  /** It does what it is asked, and its answers are lost. */
  public boolean losesAnswers;
  public boolean isAway;
  private StreamObserver<SessionResponse> stream;

  public static StatusRuntimeException failure(Status.Code code, String reason) {
    Any detail = Any.pack(ErrorInfo.newBuilder().setReason(reason).setDomain("budgetarbiter").build());
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder().setCode(code.value()).setMessage(reason).addDetails(detail).build());
  }

  /** As if the connection broke. */
  public void cut() {
    StreamObserver<SessionResponse> old = stream;
    stream = null;
    if (old != null) old.onError(Status.UNAVAILABLE.withDescription("cut").asRuntimeException());
  }

  @Override
  public StreamObserver<SessionRequest> session(StreamObserver<SessionResponse> answers) {
    stream = answers;
    return new StreamObserver<>() {
      @Override
      public void onNext(SessionRequest request) {
        if (request.hasOpen()) open(request, answers);
        else answer(request, answers);
      }

      @Override
      public void onError(Throwable error) {
        calls.add("gone");
      }

      @Override
      public void onCompleted() {
        calls.add("closed");
        stream = null;
        answers.onCompleted();
      }
    };
  }

  private void open(SessionRequest request, StreamObserver<SessionResponse> answers) {
    if (!isAway) calls.add("open");
    if (!isAway) opens.add(request.getOpen());
    if (refusesSessions != null || isAway) {
      answers.onError(isAway ? Status.UNAVAILABLE.asRuntimeException() : refusesSessions);
      stream = null;
      return;
    }
    SessionOpened.Builder opened = SessionOpened.newBuilder().setSessionId("session");
    if (request.getOpen().hasSessionId()) opened.addAllLeases(leases.values());
    answers.onNext(SessionResponse.newBuilder().setTag(request.getTag()).setOpened(opened).build());
  }

  private void answer(SessionRequest request, StreamObserver<SessionResponse> answers) {
    SessionResponse.Builder answer = SessionResponse.newBuilder().setTag(request.getTag());
    StatusRuntimeException failure = failures.poll();
    if (failure != null) answer.setFailed(StatusProto.fromThrowable(failure));
    else if (request.hasAcquire()) answer.setAcquired(acquire(request.getAcquire()));
    else if (request.hasRecord()) answer.setRecorded(record(request.getRecord()));
    else answer.setReleased(release(request.getRelease()));
    if (!losesAnswers) answers.onNext(answer.build());
  }

  @Override
  public void acquireSlot(AcquireSlotRequest request, StreamObserver<AcquireSlotResponse> answer) {
    if (!isAway) calls.add("unary");
    reply(answer, () -> acquire(request));
  }

  @Override
  public void recordUsage(RecordUsageRequest request, StreamObserver<RecordUsageResponse> answer) {
    reply(answer, () -> record(request));
  }

  @Override
  public void release(ReleaseRequest request, StreamObserver<ReleaseResponse> answer) {
    reply(answer, () -> release(request));
  }

  @Override
  public void renewSlot(RenewSlotRequest request, StreamObserver<RenewSlotResponse> answer) {
    calls.add("renew");
    Lease lease = leases.values().iterator().next();
    reply(answer, () -> RenewSlotResponse.newBuilder().setLease(lease).build());
  }

  @Override
  public void getLease(GetLeaseRequest request, StreamObserver<GetLeaseResponse> answer) {
    if (!isAway) calls.add("getLease");
    Lease lease = leases.get(request.getRequest().getRequestId());
    if (lease == null && !isAway) answer.onError(failure(Status.Code.NOT_FOUND, "LEASE_NOT_FOUND"));
    else reply(answer, () -> GetLeaseResponse.newBuilder().setLease(lease).build());
  }

  private AcquireSlotResponse acquire(AcquireSlotRequest request) {
    acquires.add(request);
    Denial denial = denials.poll();
    if (denial != null) return AcquireSlotResponse.newBuilder().setDenied(denial).build();
    Lease lease = leases.computeIfAbsent(request.getRequestId(), id -> Lease.newBuilder()
        .setLeaseId("lease-" + (leases.size() + 1))
        .setBudgetId(request.getBudgetId())
        .setAiId(request.getAiId())
        .setRequestId(id)
        .setExpiresIn(Duration.newBuilder().setSeconds(60))
        .setRenewableUntil(com.google.protobuf.Timestamp.newBuilder().setSeconds(900))
        .build());
    return AcquireSlotResponse.newBuilder().setGranted(Grant.newBuilder().setLease(lease)).build();
  }

  private RecordUsageResponse record(RecordUsageRequest request) {
    records.add(request);
    return RecordUsageResponse.getDefaultInstance();
  }

  private ReleaseResponse release(ReleaseRequest request) {
    releases.add(request);
    var tokens = request.getUsage().getTokens();
    return ReleaseResponse.newBuilder().setUsedTokens(tokens.getInputTokens() + tokens.getOutputTokens()).build();
  }

  private <T> void reply(StreamObserver<T> answer, java.util.function.Supplier<T> value) {
    StatusRuntimeException failure = isAway ? Status.UNAVAILABLE.asRuntimeException() : failures.poll();
    if (failure != null) {
      answer.onError(failure);
      return;
    }
    T made = value.get();
    if (losesAnswers) return;
    answer.onNext(made);
    answer.onCompleted();
  }
}
