package dev.budgetarbiter.client.internal.transport;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** By the resolver of this machine. */
public final class Dns implements Names {
  @Override
  public CompletableFuture<List<String>> lookUp(String host) {
    return CompletableFuture.supplyAsync(() -> find(host));
  }

  private static List<String> find(String host) {
    try {
      return Arrays.stream(InetAddress.getAllByName(host)).map(Dns::text).distinct().sorted().toList();
    } catch (UnknownHostException unknown) {
      // Left to the connection, which says so.
      return List.of();
    }
  }

  private static String text(InetAddress address) {
    String text = address.getHostAddress();
    return address instanceof Inet6Address ? "[" + text + "]" : text;
  }
}
