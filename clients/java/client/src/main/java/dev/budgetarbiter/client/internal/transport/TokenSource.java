package dev.budgetarbiter.client.internal.transport;

import java.util.Optional;

/** The bearer token. */
public interface TokenSource {
  /** Empty: the service asks for none. */
  Optional<String> read();

  /** The service refused it: whether there is another by now. */
  boolean renew();

  static TokenSource none() {
    return of(null);
  }

  static TokenSource of(String token) {
    return new TokenSource() {
      @Override
      public Optional<String> read() {
        return Optional.ofNullable(token);
      }

      @Override
      public boolean renew() {
        return false;
      }
    };
  }
}
