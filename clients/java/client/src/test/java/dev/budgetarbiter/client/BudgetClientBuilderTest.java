package dev.budgetarbiter.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.budgetarbiter.v1.AcquireSlotRequest;
import dev.budgetarbiter.v1.AcquireSlotResponse;
import dev.budgetarbiter.v1.BudgetServiceGrpc;
import dev.budgetarbiter.v1.Grant;
import dev.budgetarbiter.v1.Lease;
import dev.budgetarbiter.v1.ReleaseRequest;
import dev.budgetarbiter.v1.ReleaseResponse;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.sdk.testing.junit5.OpenTelemetryExtension;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The client as it is built, over a connection, on its own thread. */
class BudgetClientBuilderTest {
  @RegisterExtension static final OpenTelemetryExtension TRACES = OpenTelemetryExtension.create();

  @TempDir Path folder;
  private final List<String> seen = new CopyOnWriteArrayList<>();
  private final CountDownLatch asked = new CountDownLatch(1);
  private Server server;
  private boolean grants = true;

  private final class Service extends BudgetServiceGrpc.BudgetServiceImplBase {
    @Override
    public void acquireSlot(AcquireSlotRequest request, StreamObserver<AcquireSlotResponse> answer) {
      asked.countDown();
      if (!grants) return;
      var lease = Lease.newBuilder().setLeaseId("lease").setBudgetId(request.getBudgetId());
      lease.setExpiresIn(com.google.protobuf.Duration.newBuilder().setSeconds(60));
      answer.onNext(AcquireSlotResponse.newBuilder().setGranted(Grant.newBuilder().setLease(lease)).build());
      answer.onCompleted();
    }

    @Override
    public void release(ReleaseRequest request, StreamObserver<ReleaseResponse> answer) {
      seen.add(request.getUnreported().name());
      answer.onNext(ReleaseResponse.getDefaultInstance());
      answer.onCompleted();
    }
  }

  private final class Headers implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata sent, ServerCallHandler<Q, A> next) {
      for (String name : List.of("authorization", "budget-id", "x-tenant")) {
        seen.add(sent.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER)));
      }
      return new ForwardingServerCallListener.SimpleForwardingServerCallListener<>(next.startCall(call, sent)) {};
    }
  }

  @BeforeEach
  void start() throws Exception {
    server = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
        .addService(new Service()).intercept(new Headers()).build().start();
  }

  @AfterEach
  void stop() {
    server.shutdownNow();
  }

  private BudgetClientBuilder builder() {
    return BudgetClient.builder().fromEnv(Map.of(
        "BUDGET_ARBITER_ADDRESS", "127.0.0.1:" + server.getPort(),
        "BUDGET_ARBITER_BUDGET", "anthropic",
        "BUDGET_ARBITER_AI", "guardian",
        "BUDGET_ARBITER_FAIL_OPEN", "no"));
  }

  @Test
  void saysWhoItIsInEachCall() throws Exception {
    Path token = Files.writeString(folder.resolve("token"), "one\n");
    try (BudgetClient client = builder().tokenFile(token).metadata(Map.of("x-tenant", "acme")).unary().build()) {
      client.acquire(SlotRequest.ofDefaults()).close();
      assertTrue(client.flush(Duration.ofSeconds(10)));
      Files.writeString(token, "another");
      Thread.sleep(1_100);
      client.acquire(SlotRequest.ofDefaults()).close();
    }
    assertEquals("Bearer one, anthropic, acme", String.join(", ", seen.subList(0, 3)));
    assertTrue(seen.contains("Bearer another"));
  }

  @Test
  void refusesAVariableThatIsNeitherTrueNorFalse() {
    Map<String, String> variables = Map.of("BUDGET_ARBITER_FAIL_OPEN", "perhaps");
    var refused = assertThrows(
        IllegalArgumentException.class, () -> BudgetClient.builder().fromEnv(variables));
    assertTrue(refused.getMessage().contains("BUDGET_ARBITER_FAIL_OPEN must be true or false"));
  }

  @Test
  void turnsAwayWhoWaitsWhenItIsClosed() throws Exception {
    grants = false;
    BudgetClient client = builder().unary().build();
    CompletableFuture<Slot> waiting = CompletableFuture.supplyAsync(() -> {
      try {
        return client.acquire(SlotRequest.ofDefaults());
      } catch (InterruptedException unlikely) {
        throw new AssertionError(unlikely);
      }
    });
    CompletableFuture<Slot> told = client.acquireAsync(SlotRequest.ofDefaults());
    assertTrue(asked.await(10, TimeUnit.SECONDS));
    client.close(Duration.ofSeconds(1));
    for (CompletableFuture<Slot> each : List.of(waiting, told)) {
      var failed = assertThrows(ExecutionException.class, () -> each.get(10, TimeUnit.SECONDS));
      assertEquals("this budget client is closed", failed.getCause().getMessage());
    }
  }

  @Test
  void countsTheSlotsThatOutliveItAndHoldsNoneOfThemUp() throws Exception {
    BudgetClient client = builder().journal(folder.resolve("journal")).unary().build();
    Slot slot = client.acquire(SlotRequest.ofDefaults());
    assertEquals(1, client.close(Duration.ofSeconds(1)));
    // Then it has said its last words.
    Thread.sleep(1_100);
    CompletableFuture.runAsync(slot::close).get(5, TimeUnit.SECONDS);
  }

  @Test
  void saysHowLongItTriedAndWhyInVain() throws Exception {
    BudgetClientBuilder there = builder().patience(Duration.ofMillis(300));
    server.shutdownNow().awaitTermination();
    try (BudgetClient client = there.build()) {
      var away = assertThrows(ArbiterUnavailableException.class, () -> client.acquire(SlotRequest.ofDefaults()));
      assertTrue(away.getMessage().contains("within 0.3 s"), away.getMessage());
      assertTrue(away.getMessage().contains("Connection refused"), away.getMessage());
    }
  }

  @Test
  void makesASpanOfEachSlot() throws Exception {
    try (BudgetClient client = builder().unary().build()) {
      client.call(SlotRequest.ofDefaults().model("m"), slot -> {
        assertTrue(Span.current().getSpanContext().isValid(), "what the work opens stands below");
        slot.report(TokenUsage.of(1, 1));
        return null;
      });
    }
    var span = TRACES.getSpans().get(0);
    assertEquals("budget_arbiter.slot", span.getName());
    assertEquals("m", span.getAttributes().asMap().get(io.opentelemetry.api.common.AttributeKey.stringKey("gen_ai.request.model")));
    assertEquals("granted", span.getEvents().get(0).getName());
  }

  @Test
  void takesAnInterruptForACancellation() throws Exception {
    grants = false;
    try (BudgetClient client = builder().unary().build()) {
      Thread thread = Thread.currentThread();
      new Thread(() -> {
        try {
          asked.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException impossible) {
          throw new IllegalStateException(impossible);
        }
        thread.interrupt();
      }).start();
      assertThrows(InterruptedException.class, () -> client.acquire(SlotRequest.ofDefaults()));
    }
  }

  @Test
  void refusesWhatCannotBe() {
    assertThrows(IllegalArgumentException.class, () -> builder().address().build());
    assertThrows(IllegalArgumentException.class, () -> builder().tlsCa(folder.resolve("none")).build());
    assertThrows(IllegalArgumentException.class, () -> builder().tlsClient(folder.resolve("cert"), null).build());
    BudgetClient client = BudgetClient.builder().build();
    assertThrows(IllegalArgumentException.class, () -> client.acquire(SlotRequest.ofDefaults()), "no budget");
    client.close();
    assertThrows(IllegalStateException.class, () -> client.acquire(SlotRequest.of("anthropic", "guardian")));
  }
}
