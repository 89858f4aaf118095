package dev.budgetarbiter.client.internal.settle;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What keeps settlements over a crash of this process; or nothing does. */
public interface Keeper extends AutoCloseable {
  Keeper NONE = new Keeper() {
    @Override
    public CompletableFuture<Void> add(Settlement settlement) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void done(String id) {}

    @Override
    public List<Settlement> left() {
      return List.of();
    }

    @Override
    public void close() {}
  };

  /** Completes once it is kept, or cannot be: it is settled all the same. */
  CompletableFuture<Void> add(Settlement settlement);

  /** Lost in a crash it is only asked for again. */
  void done(String id);

  /** What an earlier process left. */
  List<Settlement> left();

  @Override
  void close();
}
