package dev.budgetarbiter.client.internal.slot;

import dev.budgetarbiter.client.ReportDetails;
import dev.budgetarbiter.client.TokenUsage;
import dev.budgetarbiter.client.internal.loop.Loop;
import dev.budgetarbiter.client.internal.settle.SettledLease;
import dev.budgetarbiter.client.internal.settle.Settlement;
import dev.budgetarbiter.v1.Unreported;
import dev.budgetarbiter.v1.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** What a slot has been told, and what becomes of it when the slot is left. On the loop. */
final class SlotBooks {
  /** A report goes with the release, which saves a call; a slot that is held for longer than this tells it by itself. */
  private static final Duration REPORT_WITHIN = Duration.ofSeconds(1);
  private static final int LONGEST_MESSAGE = 512;
  private static final int LONGEST_MODEL = 128;
  private static final int LONGEST_REQUEST_TYPE = 64;

  private final Account account;
  private final Loop loop;
  private Usage held;
  private Loop.Timer timer = () -> {};
  private boolean hasReported;
  private boolean isUnused;
  private boolean isLeft;
  private TokenUsage streamed;
  private Throwable failure;
  private CompletableFuture<Void> last = CompletableFuture.completedFuture(null);

  /** Whose books these are. `settle` completes when it will survive a crash. */
  record Account(
      String budget,
      String ai,
      String model,
      SettledLease settledAs,
      Function<Settlement, CompletableFuture<Void>> settle) {}

  SlotBooks(Account account, Loop loop) {
    this.account = account;
    this.loop = loop;
  }

  void report(TokenUsage tokens, ReportDetails details) {
    hasReported = true;
    Usage usage = usage(tokens, details).build();
    if (isLeft) {
      last = settle(List.of(usage), Unreported.UNREPORTED_UNSPECIFIED);
      return;
    }
    tellHeld();
    held = usage;
    timer = loop.schedule(REPORT_WITHIN, this::tellHeld);
  }

  void streamed(TokenUsage soFar) {
    streamed = soFar;
  }

  void unused() {
    isUnused = true;
  }

  void fail(Throwable error) {
    failure = error;
  }

  /** Completes when all of it will survive a crash. */
  CompletableFuture<Void> leave() {
    if (isLeft) return last;
    isLeft = true;
    timer.cancel();
    List<Usage> usages = new ArrayList<>();
    if (held != null) usages.add(held);
    held = null;
    Unreported rest = Unreported.UNREPORTED_FREE;
    if (!hasReported && failure != null) rest = failed(usages);
    else if (!hasReported) rest = left(usages);
    last = CompletableFuture.allOf(last, settle(usages, rest));
    return last;
  }

  private Unreported left(List<Usage> usages) {
    if (isUnused) return Unreported.UNREPORTED_UNUSED;
    if (streamed != null) usages.add(usage(streamed, ReportDetails.NONE).build());
    return Unreported.UNREPORTED_PRESUME;
  }

  private Unreported failed(List<Usage> usages) {
    TokenUsage spent = streamed == null ? TokenUsage.of(0, 0) : streamed;
    String message = Words.cut(String.valueOf(failure), LONGEST_MESSAGE);
    usages.add(usage(spent, ReportDetails.NONE.asFailed()).setErrorMessage(message).build());
    return streamed == null ? Blame.of(failure).rest() : Unreported.UNREPORTED_PRESUME;
  }

  private void tellHeld() {
    timer.cancel();
    if (held == null) return;
    last = CompletableFuture.allOf(last, settle(List.of(held), Unreported.UNREPORTED_UNSPECIFIED));
    held = null;
  }

  private Usage.Builder usage(TokenUsage tokens, ReportDetails details) {
    Usage.Builder usage = Usage.newBuilder()
        .setUsageId(UUID.randomUUID().toString())
        .setTokens(tokens.toMessage())
        .setModel(Words.cut(details.model().isEmpty() ? account.model() : details.model(), LONGEST_MODEL))
        .setRequestType(Words.cut(details.requestType(), LONGEST_REQUEST_TYPE))
        .setFailed(details.failed());
    return details.calls() == 1 ? usage : usage.setCalls(details.calls());
  }

  private CompletableFuture<Void> settle(List<Usage> usages, Unreported unreported) {
    String id = UUID.randomUUID().toString();
    SettledLease lease = account.settledAs();
    return account.settle().apply(
        new Settlement(id, account.budget(), account.ai(), lease, List.copyOf(usages), unreported, loop.wallMillis()));
  }
}
