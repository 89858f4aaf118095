package dev.budgetarbiter.client.internal.loop;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Those who wait for one thing, served first come first served; dependents of a single future are not. */
public final class Waiting<T> {
  private List<CompletableFuture<T>> waiting = new ArrayList<>();

  public CompletableFuture<T> join() {
    CompletableFuture<T> one = new CompletableFuture<>();
    waiting.add(one);
    return one;
  }

  public void complete(T value) {
    leave().forEach(one -> one.complete(value));
  }

  public void fail(Throwable error) {
    leave().forEach(one -> one.completeExceptionally(error));
  }

  private List<CompletableFuture<T>> leave() {
    List<CompletableFuture<T>> all = waiting;
    waiting = new ArrayList<>();
    return all;
  }
}
