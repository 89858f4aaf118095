package dev.budgetarbiter.client.internal.transport;

import dev.budgetarbiter.client.internal.loop.Loop;
import dev.budgetarbiter.v1.BudgetServiceGrpc;
import dev.budgetarbiter.v1.OpenSession;
import dev.budgetarbiter.v1.SessionOpened;
import dev.budgetarbiter.v1.SessionRequest;
import dev.budgetarbiter.v1.SessionResponse;
import dev.budgetarbiter.v1.SessionResponse.AnswerCase;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** One stream, from its `open` to its end. Calls are answered in any order; those that are open when it ends fail. */
final class SessionStream {
  /** A new stream must have its answer by then, or the replica counts as away. */
  private static final Duration OPENS_WITHIN = Duration.ofSeconds(5);

  private final Map<Integer, CompletableFuture<SessionResponse>> asked = new HashMap<>();
  private final Consumer<SessionStream> onEnd;
  private final StreamObserver<SessionRequest> requests;
  private final CompletableFuture<SessionOpened> opened;
  private final Loop.Timer late;
  private CallFailure failure;
  private boolean isOpened;
  private boolean isEnded;
  private int lastTag;

  SessionStream(Replica replica, OpenSession open, Loop loop, Consumer<SessionStream> onEnd) {
    this.onEnd = onEnd;
    requests = replica.stream(BudgetServiceGrpc.getSessionMethod(), open.getBudgetId(), new Answers());
    String notInTime = replica.address().name() + " did not open a session within " + OPENS_WITHIN.toSeconds() + " s";
    late = loop.schedule(OPENS_WITHIN, () -> {
      fail(CallFailure.unavailable(notInTime));
      requests.onError(CallFailure.unavailable(notInTime));
    });
    opened = send(SessionRequest.newBuilder().setOpen(open)).thenApply(this::take);
  }

  CompletableFuture<SessionOpened> opened() {
    return opened;
  }

  /** Set once it has ended. */
  Optional<CallFailure> failure() {
    return Optional.ofNullable(failure);
  }

  /** The answer, which must be of this kind. */
  CompletableFuture<SessionResponse> call(SessionRequest.Builder call, AnswerCase kind) {
    return send(call).thenApply(answer -> {
      if (answer.hasFailed()) throw CallFailure.of(answer.getFailed());
      if (answer.getAnswerCase() == kind) return answer;
      throw CallFailure.unavailable("the service answered " + answer.getAnswerCase() + ", not " + kind);
    });
  }

  /** Nothing more to say: leases that are left begin their grace. */
  void end() {
    if (isEnded || failure != null) return;
    isEnded = true;
    requests.onCompleted();
  }

  private CompletableFuture<SessionResponse> send(SessionRequest.Builder call) {
    if (failure != null) return CompletableFuture.failedFuture(failure);
    if (isEnded) return CompletableFuture.failedFuture(CallFailure.unavailable("the session was closed"));
    lastTag += 1;
    CompletableFuture<SessionResponse> answer = new CompletableFuture<>();
    asked.put(lastTag, answer);
    requests.onNext(call.setTag(lastTag).build());
    return answer;
  }

  private SessionOpened take(SessionResponse answer) {
    late.cancel();
    if (!answer.hasOpened()) throw CallFailure.unavailable("the service did not open the session");
    isOpened = true;
    return answer.getOpened();
  }

  private void fail(CallFailure why) {
    if (failure != null) return;
    failure = why;
    late.cancel();
    // Once it was open its end says nothing of a call: the next stream tells whether we may go on.
    CallFailure told = isOpened ? CallFailure.unavailable("the session broke: " + why.getMessage()) : why;
    List<CompletableFuture<SessionResponse>> left = new ArrayList<>(asked.values());
    asked.clear();
    left.forEach(answer -> answer.completeExceptionally(told));
    onEnd.accept(this);
  }

  private final class Answers implements StreamObserver<SessionResponse> {
    @Override
    public void onNext(SessionResponse response) {
      CompletableFuture<SessionResponse> answer = asked.remove(response.getTag());
      if (answer != null) answer.complete(response);
    }

    @Override
    public void onError(Throwable error) {
      fail(CallFailure.of(error));
    }

    @Override
    public void onCompleted() {
      fail(CallFailure.unavailable("the session was ended"));
    }
  }
}
