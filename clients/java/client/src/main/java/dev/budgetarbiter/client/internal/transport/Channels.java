package dev.budgetarbiter.client.internal.transport;

import io.grpc.ManagedChannel;

/** Opens the connection to a replica. */
@FunctionalInterface
public interface Channels {
  ManagedChannel open(Address address);
}
