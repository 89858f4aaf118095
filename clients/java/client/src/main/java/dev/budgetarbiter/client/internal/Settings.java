package dev.budgetarbiter.client.internal;

import dev.budgetarbiter.client.Unsettled;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** What a client is built with: see `BudgetClientBuilder`. */
public record Settings(
    List<String> addresses,
    Optional<String> budget,
    Optional<String> ai,
    Optional<String> token,
    Optional<Path> tokenFile,
    Duration waitTime,
    Optional<Duration> patience,
    Duration timeout,
    boolean failOpen,
    boolean fallback,
    Map<String, String> labels,
    Map<String, String> metadata,
    boolean unary,
    Optional<Path> journal,
    Consumer<Unsettled> onUnsettled) {}
