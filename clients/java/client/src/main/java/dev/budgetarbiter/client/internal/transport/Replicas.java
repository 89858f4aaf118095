package dev.budgetarbiter.client.internal.transport;

import dev.budgetarbiter.client.internal.loop.Loop;
import java.util.HashMap;
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
    open.values().forEach(Replica::close);
    open.clear();
  }

  private Replica connect(Address address) {
    return new Replica(address, channels.open(address), token, metadata);
  }
}
