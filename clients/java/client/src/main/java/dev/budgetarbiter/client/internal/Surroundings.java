package dev.budgetarbiter.client.internal;

import dev.budgetarbiter.client.internal.loop.Loop;
import dev.budgetarbiter.client.internal.transport.Channels;
import dev.budgetarbiter.client.internal.transport.Names;

/** What a client is in the midst of, and a test has others of. */
public record Surroundings(Loop loop, Channels channels, Names names) {}
