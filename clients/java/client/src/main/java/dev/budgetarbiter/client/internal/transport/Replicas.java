package dev.budgetarbiter.client.internal.transport;

import dev.budgetarbiter.client.internal.loop.Loop;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** One connection to each replica that is in use. */
public final class Replicas {
  private final Addresses addresses;
  private final Channels channels;
  private final TokenSource token;
  private final Map<String, String> metadata;
  private final Loop loop;
  private final Map<String, Replica> open = new HashMap<>();
  private volatile List<Replica> closing = List.of();

  public Replicas(Addresses addresses, Channels channels, TokenSource token, Map<String, String> metadata, Loop loop) {
    this.addresses = addresses;
    this.channels = channels;
    this.token = token;
    this.metadata = metadata;
    this.loop = loop;
  }

  /** Where the calls of a budget go now. */
  CompletableFuture<Replica> pick(String budgetId) {
    return addresses.pick(budgetId).thenApply(address -> open.computeIfAbsent(address.name(), name -> connect(address)));
  }

  void markDown(Replica replica) {
    addresses.markDown(replica.address());
  }

  void markUp(Replica replica) {
    replica.address().markUp();
  }

  Loop loop() {
    return loop;
  }

  void close() {
    closing = List.copyOf(open.values());
    open.clear();
    closing.forEach(Replica::close);
  }

  /** On the thread of the caller: no connection outlives the client's close, unless its server is silent. */
  public void awaitClosed(Duration most) throws InterruptedException {
    for (Replica replica : closing) replica.awaitClosed(most);
  }

  private Replica connect(Address address) {
    return new Replica(address, channels.open(address), token, metadata);
  }
}
