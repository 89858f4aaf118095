package dev.budgetarbiter.client.internal.transport;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** Over TCP, with TLS or without. Answers come in on the executor. */
public final class NetworkChannels implements Channels {
  private final ChannelCredentials credentials;
  private final Executor executor;

  private NetworkChannels(ChannelCredentials credentials, Executor executor) {
    this.credentials = credentials;
    this.executor = executor;
  }

  public static NetworkChannels insecure(Executor executor) {
    return new NetworkChannels(InsecureChannelCredentials.create(), executor);
  }

  /** With the authorities of the machine where there is no `ca`; with a certificate of its own where there is one. */
  public static NetworkChannels tls(Path ca, Path cert, Path key, Executor executor) {
    if ((cert == null) != (key == null)) throw new IllegalArgumentException("mTLS needs a certificate and its key");
    TlsChannelCredentials.Builder credentials = TlsChannelCredentials.newBuilder();
    try {
      if (ca != null) credentials.trustManager(ca.toFile());
      if (cert != null) credentials.keyManager(cert.toFile(), key.toFile());
    } catch (IOException unreadable) {
      throw new IllegalArgumentException("a file of TLS cannot be read: " + unreadable.getMessage(), unreadable);
    }
    return new NetworkChannels(credentials.build(), executor);
  }

  @Override
  public ManagedChannel open(Address address) {
    ManagedChannelBuilder<?> channel = Grpc.newChannelBuilder("dns:///" + address.name(), credentials);
    address.authority().ifPresent(channel::overrideAuthority);
    return channel
        .executor(executor)
        // A way that is gone without a word is noticed.
        .keepAliveTime(10, TimeUnit.SECONDS)
        .keepAliveTimeout(4, TimeUnit.SECONDS)
        .disableRetry()
        .build();
  }
}
