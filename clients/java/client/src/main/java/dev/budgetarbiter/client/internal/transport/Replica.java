package dev.budgetarbiter.client.internal.transport;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One replica, and its one connection. */
public final class Replica {
  private static final Metadata.Key<String> AUTHORIZATION = key("authorization");
  /** For a router between: which budget a call is about, so that a budget's calls share commits. */
  private static final Metadata.Key<String> BUDGET_ID = key("budget-id");

  private final Address address;
  private final ManagedChannel channel;
  private final TokenSource token;
  private final Map<String, String> metadata;

  Replica(Address address, ManagedChannel channel, TokenSource token, Map<String, String> metadata) {
    this.address = address;
    this.channel = channel;
    this.token = token;
    this.metadata = metadata;
  }

  public Address address() {
    return address;
  }

  /** Cancelling the future cancels the call. */
  <Q, A> CompletableFuture<A> call(MethodDescriptor<Q, A> method, Q request, String budgetId, Duration timeout) {
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS);
    ClientCall<Q, A> call = channel(budgetId).newCall(method, options);
    CompletableFuture<A> answer = new CompletableFuture<>();
    ClientCalls.asyncUnaryCall(call, request, new Completing<>(answer));
    answer.whenComplete((value, error) -> {
      if (answer.isCancelled()) call.cancel("nobody waits for it any more", null);
    });
    return answer;
  }

  <Q, A> StreamObserver<Q> stream(MethodDescriptor<Q, A> method, String budgetId, StreamObserver<A> answers) {
    return ClientCalls.asyncBidiStreamingCall(channel(budgetId).newCall(method, CallOptions.DEFAULT), answers);
  }

  void close() {
    channel.shutdown();
  }

  /** Not on the loop, which has to say the last words. */
  void awaitClosed(Duration most) throws InterruptedException {
    channel.awaitTermination(most.toNanos(), TimeUnit.NANOSECONDS);
  }

  private Channel channel(String budgetId) {
    Metadata sent = new Metadata();
    token.read().ifPresent(value -> sent.put(AUTHORIZATION, "Bearer " + value));
    metadata.forEach((name, value) -> sent.put(key(name), value));
    sent.put(BUDGET_ID, budgetId);
    // gRPC looks ever more rarely for a server that was away; whoever calls says how often, and waits for what is found now.
    if (channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE) channel.enterIdle();
    return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(sent));
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  private record Completing<A>(CompletableFuture<A> answer) implements StreamObserver<A> {
    @Override
    public void onNext(A value) {
      answer.complete(value);
    }

    @Override
    public void onError(Throwable error) {
      answer.completeExceptionally(CallFailure.of(error));
    }

    @Override
    public void onCompleted() {
      answer.completeExceptionally(CallFailure.unavailable("the service did not answer"));
    }
  }
}
