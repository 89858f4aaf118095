package dev.budgetarbiter.client.internal;

import dev.budgetarbiter.client.HttpAnswer;
import dev.budgetarbiter.client.SlotDeniedException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A denial as HTTP has it, in words that the vendors' own clients understand. */
public final class DenialAnswer {
  /** Beyond this nobody should sleep for it: the vendors' clients do as long as a `Retry-After` says, some for days. */
  private static final long LONGEST_TOLD_SLEEP = 60;

  private DenialAnswer() {}

  public static HttpAnswer of(SlotDeniedException denied) {
    Optional<Long> sleep = denied.permanent() ? Optional.empty() : denied.retryAfter().map(DenialAnswer::wholeSeconds);
    Map<String, String> headers = new TreeMap<>();
    headers.put("content-type", "application/json");
    sleep.ifPresent(seconds -> headers.put("retry-after", String.valueOf(seconds)));
    if (sleep.filter(seconds -> seconds <= LONGEST_TOLD_SLEEP).isEmpty()) headers.put("x-should-retry", "false");
    return new HttpAnswer(statusOf(denied), Map.copyOf(headers), body(denied));
  }

  private static int statusOf(SlotDeniedException denied) {
    if (denied.permanent()) return 400;
    return denied.rules().contains("PAUSED") ? 503 : 429;
  }

  private static long wholeSeconds(Duration time) {
    return Math.max(1, (time.toMillis() + 999) / 1_000);
  }

  private static String body(SlotDeniedException denied) {
    String retryAfter = denied.retryAfter().map(time -> String.valueOf(time.toMillis() / 1_000.0)).orElse("null");
    return "{\"error\":{\"type\":\"budget_denied\",\"code\":\"budget_denied\",\"message\":" + quoted(denied.getMessage())
        + ",\"rules\":" + list(denied.rules())
        + ",\"retry_after\":" + retryAfter
        + ",\"permanent\":" + denied.permanent()
        + ",\"fallback_budget_ids\":" + list(denied.fallbackBudgetIds()) + "}}";
  }

  private static String list(List<String> texts) {
    return texts.stream().map(DenialAnswer::quoted).collect(Collectors.joining(",", "[", "]"));
  }

  private static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') json.append('\\').append(c);
      else if (c < ' ') json.append(String.format("\\u%04x", (int) c));
      else json.append(c);
    }
    return json.append('"').toString();
  }
}
