package dev.budgetarbiter.client;

import dev.budgetarbiter.client.internal.RemoteBudgetClient;
import dev.budgetarbiter.client.internal.Settings;
import dev.budgetarbiter.client.internal.Surroundings;
import dev.budgetarbiter.client.internal.loop.Loop;
import dev.budgetarbiter.client.internal.loop.ThreadLoop;
import dev.budgetarbiter.client.internal.transport.Channels;
import dev.budgetarbiter.client.internal.transport.Dns;
import dev.budgetarbiter.client.internal.transport.NetworkChannels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/** Where the service is and how to reach it, and what slots are asked for unless a request says otherwise. */
public final class BudgetClientBuilder {
  private static final Set<String> TRUE = Set.of("1", "true", "yes", "on");
  private static final Set<String> FALSE = Set.of("0", "false", "no", "off");

  private List<String> addresses = List.of("127.0.0.1:50051");
  private String budget;
  private String ai;
  private String token;
  private Path tokenFile;
  private boolean tls;
  private Path ca;
  private Path cert;
  private Path key;
  private Duration wait = Duration.ofSeconds(10);
  private Duration patience;
  private Duration timeout = Duration.ofSeconds(5);
  private boolean failOpen;
  private boolean fallback;
  private Map<String, String> labels = Map.of();
  private Map<String, String> metadata = Map.of();
  private boolean unary;
  private Path journal;
  private Consumer<Unsettled> onUnsettled = unsettled -> {};

  BudgetClientBuilder() {}

  /** {@code host:port} of each replica, or a name with several addresses in DNS. Default {@code 127.0.0.1:50051}. */
  public BudgetClientBuilder address(String... all) {
    addresses = List.of(all);
    return this;
  }

  /** The budget of requests that name none. */
  public BudgetClientBuilder budget(String id) {
    budget = id;
    return this;
  }

  /** The AI of requests that name none. */
  public BudgetClientBuilder ai(String id) {
    ai = id;
    return this;
  }

  /** A bearer token. */
  public BudgetClientBuilder token(String text) {
    token = text;
    return this;
  }

  /** A file with the token, read again when it changes. */
  public BudgetClientBuilder tokenFile(Path file) {
    tokenFile = file;
    return this;
  }

  /** TLS, by the authorities of this machine. */
  public BudgetClientBuilder tls() {
    tls = true;
    return this;
  }

  /** TLS, by the authority of this PEM file. */
  public BudgetClientBuilder tlsCa(Path pem) {
    tls = true;
    ca = pem;
    return this;
  }

  /** TLS with a certificate of this client's own, and its key in PKCS#8: PEM files. */
  public BudgetClientBuilder tlsClient(Path certificate, Path privateKey) {
    tls = true;
    cert = certificate;
    key = privateKey;
    return this;
  }

  /** How long to stand in the service's queue. Default 10 seconds. */
  public BudgetClientBuilder wait(Duration time) {
    wait = time;
    return this;
  }

  /** How long to try in all, the wait included. Default 60 seconds, and no less than the wait. */
  public BudgetClientBuilder patience(Duration time) {
    patience = time;
    return this;
  }

  /** How long a call may take that does not wait. Default 5 seconds. */
  public BudgetClientBuilder timeout(Duration time) {
    timeout = time;
    return this;
  }

  /** While the service is away, calls go on without a slot; what they cost is booked when it is back. Default false. */
  public BudgetClientBuilder failOpen(boolean yes) {
    failOpen = yes;
    return this;
  }

  /** Ask the budgets that a denial names. Default false. */
  public BudgetClientBuilder fallback(boolean yes) {
    fallback = yes;
    return this;
  }

  /** Kept with each lease, for operators. */
  public BudgetClientBuilder labels(Map<String, String> all) {
    labels = Map.copyOf(all);
    return this;
  }

  /** Sent along with each call. */
  public BudgetClientBuilder metadata(Map<String, String> all) {
    metadata = Map.copyOf(all);
    return this;
  }

  /** Calls of their own and a heartbeat for each slot, where a stream cannot live. Default: one session, no heartbeat. */
  public BudgetClientBuilder unary() {
    unary = true;
    return this;
  }

  /** A file that keeps what is not settled yet over a crash of this process. One process a file. */
  public BudgetClientBuilder journal(Path file) {
    journal = file;
    return this;
  }

  /** Told what was given up: the service refuses it, or was away for a week. Runs on a thread of its own. */
  public BudgetClientBuilder onUnsettled(Consumer<Unsettled> listener) {
    onUnsettled = listener;
    return this;
  }

  /**
   * Takes what the variables {@code BUDGET_ARBITER_*} say; what is said after this wins over them.
   *
   * @throws IllegalArgumentException {@code BUDGET_ARBITER_FAIL_OPEN} is neither true nor false
   */
  public BudgetClientBuilder fromEnv() {
    return fromEnv(System.getenv());
  }

  BudgetClientBuilder fromEnv(Map<String, String> variables) {
    Function<String, Optional<String>> read =
        name -> Optional.ofNullable(variables.get("BUDGET_ARBITER_" + name)).filter(value -> !value.isBlank());
    read.apply("ADDRESS").ifPresent(value -> address(value.split(",")));
    read.apply("BUDGET").ifPresent(this::budget);
    read.apply("AI").ifPresent(this::ai);
    read.apply("TOKEN").ifPresent(this::token);
    read.apply("TOKEN_FILE").map(Path::of).ifPresent(this::tokenFile);
    read.apply("TLS_CA").map(Path::of).ifPresent(this::tlsCa);
    Optional<Path> certificate = read.apply("TLS_CERT").map(Path::of);
    Optional<Path> privateKey = read.apply("TLS_KEY").map(Path::of);
    if (certificate.isPresent() || privateKey.isPresent()) tlsClient(certificate.orElse(null), privateKey.orElse(null));
    read.apply("FAIL_OPEN").map(BudgetClientBuilder::yes).ifPresent(this::failOpen);
    return this;
  }

  private static boolean yes(String value) {
    String word = value.toLowerCase(Locale.ROOT);
    if (TRUE.contains(word) || FALSE.contains(word)) return TRUE.contains(word);
    throw new IllegalArgumentException("BUDGET_ARBITER_FAIL_OPEN must be true or false, not \"" + value + "\"");
  }

  /**
   * Connects when the first slot is asked for.
   *
   * @throws IllegalArgumentException a setting cannot be
   * @throws IllegalStateException the journal is another process's
   */
  public BudgetClient build() {
    Loop loop = new ThreadLoop();
    Channels channels = tls ? NetworkChannels.tls(ca, cert, key, loop) : NetworkChannels.insecure(loop);
    return new RemoteBudgetClient(settings(), new Surroundings(loop, channels, new Dns()));
  }

  private Settings settings() {
    return new Settings(
        addresses,
        Optional.ofNullable(budget),
        Optional.ofNullable(ai),
        Optional.ofNullable(token),
        Optional.ofNullable(tokenFile),
        wait,
        Optional.ofNullable(patience),
        timeout,
        failOpen,
        fallback,
        labels,
        metadata,
        unary,
        Optional.ofNullable(journal),
        onUnsettled);
  }
}
