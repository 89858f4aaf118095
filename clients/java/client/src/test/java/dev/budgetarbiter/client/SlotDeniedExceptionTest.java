package dev.budgetarbiter.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Duration;
import dev.budgetarbiter.v1.Blocker;
import dev.budgetarbiter.v1.Denial;
import dev.budgetarbiter.v1.Rule;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SlotDeniedExceptionTest {
  private static SlotDeniedException denied(Rule rule, long seconds, int nanos, boolean permanent) {
    Denial.Builder denial = Denial.newBuilder().addBlockers(Blocker.newBuilder().setRule(rule).setMessage("no \"more\""));
    if (seconds >= 0) denial.setRetryAfter(Duration.newBuilder().setSeconds(seconds).setNanos(nanos));
    return new SlotDeniedException(denial.setPermanent(permanent).build(), "anthropic", "guardian");
  }

  @ParameterizedTest(name = "{0}, {1} s, for good {3}: {4}, Retry-After {5}, x-should-retry {6}")
  @CsvSource({
    "RULE_CONCURRENCY, 3, 200000000, false, 429, 4, ",
    "RULE_COOLDOWN, 60, 0, false, 429, 60, ",
    "RULE_HOURLY_CAP, 61, 0, false, 429, 61, false",
    "RULE_HOURLY_CAP, 3600, 0, false, 429, 3600, false",
    "RULE_HOURLY_CAP, 0, 1000000, false, 429, 1, ",
    "RULE_PAUSED, -1, 0, false, 503, , false",
    "RULE_REQUEST_TOO_LARGE, -1, 0, true, 400, , false",
  })
  void answers(Rule rule, long s, int nanos, boolean permanent, int status, String retryAfter, String shouldRetry) {
    HttpAnswer http = denied(rule, s, nanos, permanent).toHttp();
    assertEquals(status, http.status());
    assertEquals(retryAfter, http.headers().get("retry-after"));
    assertEquals(shouldRetry, http.headers().get("x-should-retry"));
  }

  @Test
  void saysWhatToDo() {
    SlotDeniedException denied = denied(Rule.RULE_HOURLY_CAP, 90, 0, false);
    assertEquals(List.of("HOURLY_CAP"), denied.rules());
    assertEquals(java.time.Duration.ofSeconds(90), denied.retryAfter().orElseThrow());
    assertEquals("{\"error\":{\"type\":\"budget_denied\",\"code\":\"budget_denied\",\"message\":\"no \\\"more\\\"\","
        + "\"rules\":[\"HOURLY_CAP\"],\"retry_after\":90.0,\"permanent\":false,\"fallback_budget_ids\":[]}}",
        denied.toHttp().body());
    assertEquals("application/json", Map.copyOf(denied.toHttp().headers()).get("content-type"));
  }

  @Test
  void takesARuleThatItDoesNotKnow() {
    Denial later = Denial.newBuilder().addBlockers(Blocker.newBuilder().setRuleValue(4711)).build();
    SlotDeniedException denied = new SlotDeniedException(later, "anthropic", "guardian");
    assertEquals(List.of("4711"), denied.rules());
    assertTrue(denied.retryAfter().isEmpty());
  }
}
