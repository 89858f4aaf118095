package dev.budgetarbiter.client.support;

import dev.budgetarbiter.client.Slot;
import dev.budgetarbiter.client.SlotRequest;
import dev.budgetarbiter.client.Unsettled;
import dev.budgetarbiter.client.internal.RemoteBudgetClient;
import dev.budgetarbiter.client.internal.Settings;
import dev.budgetarbiter.client.internal.Surroundings;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** A client, a service in the same process, and a clock that the test moves: all on the thread of the test. */
public final class World implements AutoCloseable {
  public final FakeLoop loop = new FakeLoop();
  public final FakeService service = new FakeService();
  public final List<Unsettled> givenUp = new ArrayList<>();
  public final RemoteBudgetClient client;
  private final String name = UUID.randomUUID().toString();
  private final Server server;

  public World() {
    this(false);
  }

  public World(boolean unary) {
    try {
      server = InProcessServerBuilder.forName(name).directExecutor().addService(service).build().start();
    } catch (IOException failed) {
      throw new IllegalStateException(failed);
    }
    Settings settings = new Settings(
        List.of("127.0.0.1:1"),
        Optional.of("anthropic"),
        Optional.of("guardian"),
        Optional.empty(),
        Optional.empty(),
        Duration.ofSeconds(10),
        Optional.of(Duration.ofSeconds(60)),
        Duration.ofSeconds(5),
        false,
        false,
        Map.of("service", "web"),
        Map.of(),
        unary,
        Optional.empty(),
        givenUp::add);
    client = new RemoteBudgetClient(settings, new Surroundings(
        loop, address -> InProcessChannelBuilder.forName(name).executor(loop).build(), host -> null));
  }

  /** The service is back. */
  public void start() {
    service.isAway = false;
  }

  /** It is away for every call; not its connection, whose tries gRPC times by the real clock. */
  public void stop() {
    service.isAway = true;
    service.cut();
  }

  public CompletableFuture<Slot> ask() {
    return ask(SlotRequest.ofDefaults().estimate(1_000));
  }

  /** It may be granted only later. */
  public CompletableFuture<Slot> ask(SlotRequest request) {
    return client.acquireAsync(request);
  }

  public Slot slot() {
    return ask().join();
  }

  @Override
  public void close() {
    client.close(Duration.ZERO);
    server.shutdownNow();
  }
}
