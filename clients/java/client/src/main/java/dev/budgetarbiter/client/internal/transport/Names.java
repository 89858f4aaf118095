package dev.budgetarbiter.client.internal.transport;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The addresses behind a name, such as DNS knows them. */
@FunctionalInterface
public interface Names {
  /** As `1.2.3.4` or `[::1]`; none if the name is not to be found. */
  CompletableFuture<List<String>> lookUp(String host);
}
