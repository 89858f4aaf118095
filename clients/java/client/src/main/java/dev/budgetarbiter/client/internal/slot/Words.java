package dev.budgetarbiter.client.internal.slot;

import java.nio.charset.StandardCharsets;

/** Words of a report, in the bounds of the API: a report must not fail for them. */
final class Words {
  private Words() {}

  /** At most so many bytes of UTF-8, no half character, and no control characters but ends of lines and tabs. */
  static String cut(String text, int bytes) {
    StringBuilder kept = new StringBuilder();
    int length = 0;
    for (int at : text.codePoints().toArray()) {
      boolean isControl = Character.getType(at) == Character.CONTROL && at != '\n' && at != '\t';
      boolean isHalf = at >= Character.MIN_SURROGATE && at <= Character.MAX_SURROGATE;
      String one = isControl || isHalf ? " " : Character.toString(at);
      length += one.getBytes(StandardCharsets.UTF_8).length;
      if (length > bytes) break;
      kept.append(one);
    }
    return kept.toString();
  }
}
