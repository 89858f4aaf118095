package dev.budgetarbiter.client.internal.transport;

import dev.budgetarbiter.client.internal.loop.Loop;
import dev.budgetarbiter.client.internal.loop.Waiting;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The replicas of a service, by a list, by DNS or both. A budget's calls go to one of them, whichever process makes them, so that
 * they share commits: to the one whose hash with the budget is the greatest among those that are not down.
 */
public final class Addresses {
  private static final Duration LOOK_UP_EVERY = Duration.ofSeconds(30);
  private static final Duration LOOK_UP_AFTER_FAILURE = Duration.ofSeconds(5);

  private final List<ListedAddress> listed;
  private final Names names;
  private final Loop loop;
  private Map<String, Address> known = new LinkedHashMap<>();
  private long lookedUpAt;
  private boolean failed;
  private final Waiting<Void> waiting = new Waiting<>();
  private boolean looking;

  public Addresses(List<String> listed, Names names, Loop loop) {
    if (listed.isEmpty()) throw new IllegalArgumentException("a budget client needs the address of a budget arbiter");
    this.listed = listed.stream().map(ListedAddress::parse).toList();
    this.names = names;
    this.loop = loop;
    for (ListedAddress each : this.listed) {
      if (each.isName()) return;
      known.put(each.name(), new Address(each.name(), null));
    }
    lookedUpAt = loop.nanoTime();
  }

  /** Where the calls of a budget go now. Names are looked up first, and again when they may have changed. */
  public CompletableFuture<Address> pick(String budgetId) {
    if (!isOutdated()) return CompletableFuture.completedFuture(best(budgetId));
    CompletableFuture<Void> found = waiting.join();
    if (!looking) lookUp();
    return found.thenApply(done -> best(budgetId));
  }

  public void markDown(Address address) {
    failed = true;
    address.markDown(loop.nanoTime());
  }

  private boolean isOutdated() {
    if (known.isEmpty()) return true;
    if (listed.stream().noneMatch(ListedAddress::isName)) return false;
    Duration every = failed ? LOOK_UP_AFTER_FAILURE : LOOK_UP_EVERY;
    return loop.since(lookedUpAt).compareTo(every) >= 0;
  }

  private Address best(String budgetId) {
    long now = loop.nanoTime();
    List<Address> all = new ArrayList<>(known.values());
    if (all.size() == 1) return all.get(0);
    List<Address> up = all.stream().filter(address -> !address.isDown(now)).toList();
    Comparator<Address> byScore = Comparator.comparing(address -> score(budgetId, address.name()), Arrays::compareUnsigned);
    return (up.isEmpty() ? all : up).stream().max(byScore).orElseThrow();
  }

  /** Looked up elsewhere, since it may take its time. */
  private void lookUp() {
    looking = true;
    List<CompletableFuture<List<Address>>> found = listed.stream().map(each -> each.behind(names)).toList();
    CompletableFuture.allOf(found.toArray(CompletableFuture[]::new))
        .thenAcceptAsync(done -> take(found.stream().flatMap(each -> each.join().stream()).toList()), loop);
  }

  private void take(List<Address> found) {
    Map<String, Address> next = new LinkedHashMap<>();
    for (Address address : found) next.put(address.name(), known.getOrDefault(address.name(), address));
    known = next;
    lookedUpAt = loop.nanoTime();
    failed = false;
    looking = false;
    waiting.complete(null);
  }

  /** The same in every language, so that a Python worker and a Java server share a replica. */
  static byte[] score(String budgetId, String name) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return digest.digest((budgetId + "\n" + name).getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
