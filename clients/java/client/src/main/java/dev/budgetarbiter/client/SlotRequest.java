package dev.budgetarbiter.client;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** What is asked for. What it does not say is the client's to say. Never changes: each method makes another. */
public final class SlotRequest implements Cloneable {
  private static final SlotRequest DEFAULTS = new SlotRequest();

  private String budget;
  private String ai;
  private Long estimate;
  private TokenUsage expected;
  private Long atLeast;
  private String model;
  private Map<String, String> labels = Map.of();
  private Duration wait;
  private Duration patience;
  private Boolean fallback;
  private Boolean failOpen;

  private SlotRequest() {}

  /** Of the client's own budget and AI. */
  public static SlotRequest ofDefaults() {
    return DEFAULTS;
  }

  /** Of a budget, for an AI. */
  public static SlotRequest of(String budget, String ai) {
    return DEFAULTS.budget(budget).ai(ai);
  }

  /** The budget. */
  public SlotRequest budget(String id) {
    return with(copy -> copy.budget = id);
  }

  /** Who spends. */
  public SlotRequest ai(String id) {
    return with(copy -> copy.ai = id);
  }

  /** Charged tokens that it will probably cost. Without an estimate: the policy's default reservation. */
  public SlotRequest estimate(long tokens) {
    return with(copy -> {
      copy.estimate = Math.max(1, tokens);
      copy.expected = null;
    });
  }

  /** Tokens by kind that it will probably cost, which the service weighs. */
  public SlotRequest estimate(TokenUsage tokens) {
    return with(copy -> {
      copy.expected = tokens;
      copy.estimate = null;
    });
  }

  /** Rather fewer tokens than no slot: at least so many. */
  public SlotRequest atLeast(long tokens) {
    return with(copy -> copy.atLeast = tokens);
  }

  /** The model that will be asked, for the policy's limits of models. */
  public SlotRequest model(String name) {
    return with(copy -> copy.model = name);
  }

  /** For operators: at most 8, with those of the client. */
  public SlotRequest labels(Map<String, String> all) {
    return with(copy -> copy.labels = Map.copyOf(all));
  }

  /** How long to stand in the service's queue. */
  public SlotRequest wait(Duration time) {
    return with(copy -> copy.wait = time);
  }

  /** How long to try in all, the wait included. */
  public SlotRequest patience(Duration time) {
    return with(copy -> copy.patience = time);
  }

  /** Where the budget refuses, ask those that its denial names, in their order. */
  public SlotRequest fallback(boolean yes) {
    return with(copy -> copy.fallback = yes);
  }

  /** While the service is away, go on without a slot. */
  public SlotRequest failOpen(boolean yes) {
    return with(copy -> copy.failOpen = yes);
  }

  /** @return that of {@link #budget(String)} */
  public Optional<String> budget() {
    return Optional.ofNullable(budget);
  }

  /** @return that of {@link #ai(String)} */
  public Optional<String> ai() {
    return Optional.ofNullable(ai);
  }

  /** @return that of {@link #estimate(long)} */
  public Optional<Long> estimate() {
    return Optional.ofNullable(estimate);
  }

  /** @return that of {@link #estimate(TokenUsage)} */
  public Optional<TokenUsage> expected() {
    return Optional.ofNullable(expected);
  }

  /** @return that of {@link #atLeast(long)} */
  public Optional<Long> atLeast() {
    return Optional.ofNullable(atLeast);
  }

  /** @return that of {@link #model(String)} */
  public Optional<String> model() {
    return Optional.ofNullable(model);
  }

  /** @return those of {@link #labels(Map)} */
  public Map<String, String> labels() {
    return labels;
  }

  /** @return that of {@link #wait(Duration)} */
  public Optional<Duration> waitTime() {
    return Optional.ofNullable(wait);
  }

  /** @return that of {@link #patience(Duration)} */
  public Optional<Duration> patience() {
    return Optional.ofNullable(patience);
  }

  /** @return that of {@link #fallback(boolean)} */
  public Optional<Boolean> fallback() {
    return Optional.ofNullable(fallback);
  }

  /** @return that of {@link #failOpen(boolean)} */
  public Optional<Boolean> failOpen() {
    return Optional.ofNullable(failOpen);
  }

  private SlotRequest with(Consumer<SlotRequest> change) {
    try {
      SlotRequest copy = (SlotRequest) clone();
      change.accept(copy);
      return copy;
    } catch (CloneNotSupportedException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
