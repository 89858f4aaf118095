package dev.budgetarbiter.client.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.budgetarbiter.client.ArbiterUnavailableException;
import dev.budgetarbiter.client.ReportDetails;
import dev.budgetarbiter.client.Slot;
import dev.budgetarbiter.client.SlotDeniedException;
import dev.budgetarbiter.client.SlotRequest;
import dev.budgetarbiter.client.SlotWork;
import dev.budgetarbiter.client.TokenUsage;
import dev.budgetarbiter.v1.Rule;
import dev.budgetarbiter.v1.Unreported;
import dev.budgetarbiter.v1.Usage;
import java.net.ConnectException;
import java.net.SocketException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** How a slot ends, by the rules that hold for real ones, too. */
class FakeBudgetClientTest {
  private static final SlotRequest REQUEST = SlotRequest.of("anthropic", "guardian").model("asked");
  private final FakeBudgetClient budget = new FakeBudgetClient();

  private static Arguments row(String way, SlotWork<Void, Exception> work, long tokens, int calls, boolean failed, String rest) {
    return Arguments.of(way, work, tokens, calls, failed, "UNREPORTED_" + rest);
  }

  static Stream<Arguments> waysOut() {
    return Stream.of(
        row("a result, with usage", slot -> {
          slot.report(TokenUsage.of(100, 50));
          return null;
        }, 150, 1, false, "FREE"),
        row("a vendor's answer", slot -> {
          assertTrue(slot.report(Map.of("usage", Map.of("input_tokens", 100, "output_tokens", 50))));
          return null;
        }, 150, 1, false, "FREE"),
        row("a result without usage", slot -> null, 0, 0, false, "PRESUME"),
        row("nothing was asked", slot -> {
          slot.unused();
          return null;
        }, 0, 0, false, "UNUSED"),
        row("an error after a report", slot -> {
          slot.report(TokenUsage.of(100, 50));
          throw new SocketException("reset");
        }, 150, 1, false, "FREE"),
        row("the vendor was never reached", slot -> {
          throw new ConnectException("refused");
        }, 0, 1, true, "UNUSED"),
        row("an error on the way", slot -> {
          throw new SocketException("reset");
        }, 0, 1, true, "PRESUME"),
        row("a stream that broke", slot -> {
          slot.streamed(TokenUsage.of(100, 20));
          throw new SocketException("reset");
        }, 120, 1, true, "PRESUME"),
        row("a stream that was left", slot -> {
          slot.streamed(TokenUsage.of(100, 20));
          return null;
        }, 120, 1, false, "PRESUME"),
        row("a cancellation", slot -> {
          throw new InterruptedException();
        }, 0, 1, true, "PRESUME"),
        row("an error of the caller's own", slot -> {
          throw new IllegalStateException("mine");
        }, 0, 1, true, "FREE"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("waysOut")
  void ends(String way, SlotWork<Void, Exception> work, long tokens, int calls, boolean failed, Unreported rest)
      throws Exception {
    try {
      budget.call(REQUEST, work);
    } catch (Exception expected) {
      assertTrue(failed || way.contains("error"), () -> "unexpected: " + expected);
    }
    FakeSlot slot = budget.slots().get(0);
    assertEquals(tokens, slot.tokens());
    assertEquals(calls, slot.usages().size());
    assertEquals(failed, slot.usages().stream().anyMatch(Usage::getFailed));
    assertEquals(rest, slot.ended().orElseThrow());
  }

  @Test
  void isToldOfAnErrorByThoseWhoUseTry() throws InterruptedException {
    try (Slot slot = budget.acquire(REQUEST)) {
      slot.fail(new IllegalStateException("mine\u0007, " + "ä".repeat(600)));
    }
    Usage usage = budget.slots().get(0).usages().get(0);
    assertTrue(usage.getErrorMessage().startsWith("java.lang.IllegalStateException: mine , ä"));
    assertTrue(usage.getErrorMessageBytes().size() <= 512);
    assertEquals("asked", usage.getModel());
  }

  @Test
  void keepsTheDetailsOfAReport() throws InterruptedException {
    Slot slot = budget.acquire(REQUEST);
    slot.report(TokenUsage.ofTotal(7), new ReportDetails("m", "summary", 3, true));
    slot.close();
    slot.close();
    Usage usage = budget.slots().get(0).usages().get(0);
    assertEquals("m summary 3 true", String.join(
        " ", usage.getModel(), usage.getRequestType(), "" + usage.getCalls(), "" + usage.getFailed()));
    assertEquals(1, budget.slots().get(0).usages().size(), "a slot is given back once");
  }

  @Test
  void refusesWhatItIsToldTo() throws InterruptedException {
    budget.denyNext(Rule.RULE_HOURLY_CAP, Duration.ofMinutes(10));
    budget.denyNextForGood();
    budget.unavailableNext();
    assertEquals(429, assertThrows(SlotDeniedException.class, () -> budget.acquire(REQUEST)).toHttp().status());
    assertEquals(400, assertThrows(SlotDeniedException.class, () -> budget.acquire(REQUEST)).toHttp().status());
    var away = assertThrows(ExecutionException.class, () -> budget.acquireAsync(REQUEST).get());
    assertEquals(ArbiterUnavailableException.class, away.getCause().getClass());
    budget.acquire(REQUEST).close();
  }

  @Test
  void takesAnInterruptForACancellation() {
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, () -> budget.acquire(REQUEST));
    assertTrue(budget.slots().isEmpty());
  }
}
