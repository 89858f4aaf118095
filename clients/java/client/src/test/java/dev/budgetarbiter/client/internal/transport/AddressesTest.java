package dev.budgetarbiter.client.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.budgetarbiter.client.support.FakeLoop;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class AddressesTest {
  private final FakeLoop loop = new FakeLoop();
  private final List<String> three = List.of("10.0.0.1:50051", "10.0.0.2:50051", "10.0.0.3:50051");

  private static String pick(Addresses addresses, String budget) {
    return addresses.pick(budget).join().name();
  }

  @Test
  void spreadsBudgetsByAHashThatIsTheSameInEveryLanguage() {
    assertEquals(
        "68a97fac5054a6fc5d31cf94ff37a998", HexFormat.of().formatHex(Addresses.score("anthropic", "10.0.0.1:50051")).substring(0, 32));
    Addresses addresses = new Addresses(three, host -> null, loop);
    Map<String, Integer> counts = new HashMap<>();
    for (int n = 0; n < 300; n += 1) counts.merge(pick(addresses, "budget-" + n), 1, Integer::sum);
    assertEquals(3, counts.size());
    assertTrue(counts.values().stream().allMatch(count -> count > 60), counts::toString);
    Addresses inAnotherOrder = new Addresses(List.of(three.get(2), three.get(0), three.get(1)), host -> null, loop);
    assertEquals(pick(addresses, "anthropic"), pick(inAnotherOrder, "anthropic"));
  }

  @Test
  void movesOnToTheNextAndComesBack() {
    Addresses addresses = new Addresses(three, host -> null, loop);
    Address first = addresses.pick("anthropic").join();
    addresses.markDown(first);
    String second = pick(addresses, "anthropic");
    assertNotEquals(first.name(), second);
    loop.pass(Duration.ofMillis(500));
    assertEquals(first.name(), pick(addresses, "anthropic"), "down for half a second at first");
    for (String each : three) addresses.markDown(addresses.pick("anthropic").join());
    assertEquals(first.name(), pick(addresses, "anthropic"), "when all are down, the best of all");
  }

  @Test
  void asksDnsForAllAddressesOfAName() {
    Names names = host -> CompletableFuture.completedFuture(
        host.equals("arbiter") ? List.of("10.0.0.1", "[::1]") : List.of("10.0.0.9"));
    Addresses addresses = new Addresses(List.of("arbiter", "single.example:7"), names, loop);
    Map<String, String> authorities = new HashMap<>();
    for (int n = 0; n < 50; n += 1) {
      Address address = addresses.pick("budget-" + n).join();
      authorities.put(address.name(), address.authority().orElse(""));
    }
    assertEquals(
        Map.of("10.0.0.1:50051", "arbiter:50051", "[::1]:50051", "arbiter:50051", "single.example:7", ""), authorities);
  }
}
