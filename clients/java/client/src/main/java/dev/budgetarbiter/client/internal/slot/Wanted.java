package dev.budgetarbiter.client.internal.slot;

import dev.budgetarbiter.v1.AcquireSlotRequest;
import java.time.Duration;

/** What is asked for, with the client's defaults. `message`: all of it but the ids and the wait. */
public record Wanted(
    String budget,
    String ai,
    String model,
    AcquireSlotRequest message,
    Duration waitTime,
    Duration patience,
    boolean fallback,
    boolean failOpen) {}
