package dev.budgetarbiter.client.internal;

import dev.budgetarbiter.v1.Blocker;
import dev.budgetarbiter.v1.Denial;
import dev.budgetarbiter.v1.Rule;
import java.util.List;

/** The rules of a denial, as a person calls them. */
public final class Rules {
  private Rules() {}

  /** Of a rule that a later release of the service added, its number. */
  public static List<String> of(Denial denial) {
    return denial.getBlockersList().stream().map(Rules::nameOf).toList();
  }

  private static String nameOf(Blocker blocker) {
    Rule rule = blocker.getRule();
    return rule == Rule.UNRECOGNIZED ? String.valueOf(blocker.getRuleValue()) : rule.name().replaceFirst("^RULE_", "");
  }
}
