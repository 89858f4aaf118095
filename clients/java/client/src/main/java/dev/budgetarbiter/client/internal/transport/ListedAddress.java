package dev.budgetarbiter.client.internal.transport;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An address as the user wrote it: of one replica, or a name with several behind it. */
record ListedAddress(String host, String port) {
  private static final String DEFAULT_PORT = "50051";
  private static final Pattern SCHEME = Pattern.compile("^(dns:/{0,3}|https?://)");
  private static final Pattern HOST_AND_PORT = Pattern.compile("^(\\[[^]]+]|[^:]+)(?::(\\d+))?$");
  private static final Pattern IP = Pattern.compile("^(\\[.*]|\\d+\\.\\d+\\.\\d+\\.\\d+)$");

  static ListedAddress parse(String text) {
    String plain = SCHEME.matcher(text.strip()).replaceFirst("").replaceFirst("/$", "");
    Matcher parts = HOST_AND_PORT.matcher(plain);
    if (!parts.matches()) throw new IllegalArgumentException("not an address of a budget arbiter: " + text);
    return new ListedAddress(parts.group(1), parts.group(2) == null ? DEFAULT_PORT : parts.group(2));
  }

  String name() {
    return host + ":" + port;
  }

  boolean isName() {
    return !host.equals("localhost") && !IP.matcher(host).matches();
  }

  CompletableFuture<List<Address>> behind(Names names) {
    List<Address> itself = List.of(new Address(name(), null));
    if (!isName()) return CompletableFuture.completedFuture(itself);
    return names
        .lookUp(host)
        .exceptionally(notFound -> List.of())
        .thenApply(ips -> ips.size() < 2 ? itself : ips.stream().map(ip -> new Address(ip + ":" + port, name())).toList());
  }
}
