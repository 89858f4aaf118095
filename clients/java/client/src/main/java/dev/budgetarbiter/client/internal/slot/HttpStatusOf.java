package dev.budgetarbiter.client.internal.slot;

import dev.budgetarbiter.client.internal.usage.Fields;
import java.util.List;
import java.util.OptionalLong;

/** The HTTP status that an SDK's exception carries, whatever it calls it; this package knows none of the SDKs. */
final class HttpStatusOf {
  private static final List<String> NAMES = List.of("statusCode", "code", "status");

  private HttpStatusOf() {}

  /** 0 where there is none. */
  static int error(Throwable error) {
    Fields fields = Fields.of(error);
    for (String name : NAMES) {
      OptionalLong plain = fields.number(name);
      // Spring's is an object with a value.
      OptionalLong found = plain.isPresent() ? plain : fields.child(name).number("value");
      if (found.isPresent() && found.getAsLong() >= 400 && found.getAsLong() < 600) return (int) found.getAsLong();
    }
    return 0;
  }
}
