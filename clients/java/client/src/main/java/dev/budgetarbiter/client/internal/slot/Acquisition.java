package dev.budgetarbiter.client.internal.slot;

import dev.budgetarbiter.client.ArbiterRefusedException;
import dev.budgetarbiter.client.ArbiterUnavailableException;
import dev.budgetarbiter.client.SlotDeniedException;
import dev.budgetarbiter.client.internal.Durations;
import dev.budgetarbiter.client.internal.Rules;
import dev.budgetarbiter.client.internal.loop.Backoff;
import dev.budgetarbiter.client.internal.loop.Loop;
import dev.budgetarbiter.client.internal.transport.CallFailure;
import dev.budgetarbiter.client.internal.transport.KeptLease;
import dev.budgetarbiter.client.internal.transport.Transport;
import dev.budgetarbiter.client.internal.transport.Transport.Acquired;
import dev.budgetarbiter.v1.AcquireSlotRequest;
import dev.budgetarbiter.v1.Denial;
import dev.budgetarbiter.v1.GetLeaseRequest;
import dev.budgetarbiter.v1.LeaseRequest;
import io.grpc.Status.Code;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Asks until a slot is granted, and comes back no earlier than a denial says; one request id for all tries of a budget. */
public final class Acquisition {
  /** So long at most in one call, which a session cannot cancel. Who asks again with the same id keeps the place. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(20);
  /** Where nobody knows how long a refusal lasts, such as that of a pause. */
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);
  /** Who lets calls go on without a slot does not want them to wait long for one. */
  private static final Duration FAIL_OPEN = Duration.ofSeconds(2);
  private static final CallFailure NOBODY_WAITS = new CallFailure(Code.CANCELLED, "nobody waits for it");
  private static final CallFailure NOT_UNDERSTOOD =
      new CallFailure(Code.UNIMPLEMENTED, "this client is older than the answer that it got");

  private final Wanted wanted;
  private final Means means;
  private final Loop loop;
  private final CompletableFuture<Granted> outcome = new CompletableFuture<>();
  /** Completed when nobody waits any more. */
  private final CompletableFuture<Void> gone = new CompletableFuture<>();
  private final Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(2));
  private final String requestId = UUID.randomUUID().toString();
  private final long beganAt;
  private final Set<String> deniedRules = new LinkedHashSet<>();
  private Denial denial;
  /** The service may have seen the request, and what it answered is not known. */
  private boolean isMaybeGranted;

  /** What an acquisition needs of its client. */
  public record Means(
      Transport transport,
      WaitLines lines,
      Loop loop,
      /* Whether the service has ever answered. */
      AtomicBoolean hasAnswered,
      /* Whether other credentials may be accepted now. */
      BooleanSupplier renewToken,
      /* A grant that nobody waits for any more, or that may have been made: it is given back unused. */
      Consumer<Granted> giveBack) {}

  public Acquisition(Wanted wanted, Means means) {
    this.wanted = wanted;
    this.means = means;
    this.loop = means.loop();
    this.beganAt = loop.nanoTime();
  }

  /** Completed on the loop. */
  public CompletableFuture<Granted> run() {
    ask();
    return outcome;
  }

  /** Nobody waits any more. What is granted all the same is given back unused. */
  public void leave() {
    if (!outcome.cancel(false)) return;
    gone.complete(null);
  }

  private void ask() {
    if (outcome.isDone()) return;
    Duration slice = Durations.least(Durations.least(wanted.waitTime(), LONGEST_WAIT), rest());
    long askedAt = loop.nanoTime();
    ask(wanted.budget(), requestId, slice, denied -> {
      denial = denied;
      deniedRules.addAll(Rules.of(denied));
      boolean waited = !slice.isZero() && loop.since(askedAt).compareTo(slice.multipliedBy(9).dividedBy(10)) >= 0;
      Iterator<String> fallbacks = denied.getFallbackBudgetIdsList().iterator();
      if (wanted.fallback()) askFallbacks(fallbacks, () -> afterDenial(waited));
      else afterDenial(waited);
    }, this::afterFailure);
  }

  private void afterDenial(boolean waited) {
    Duration told = denial.hasRetryAfter() ? Durations.of(denial.getRetryAfter()) : LOOK_AGAIN;
    // Whoever waited in the line for nothing stands there still, if it comes back at once.
    Duration pause = waited && !rest().isZero() ? Duration.ZERO : told;
    if (denial.getPermanent() || rest().isZero() || pause.compareTo(rest()) > 0) {
      outcome.completeExceptionally(denied());
    } else if (pause.isZero()) {
      ask();
    } else {
      // Somewhat later than told, so that many clients do not come back in step.
      loop.schedule(pause.plusMillis(ThreadLocalRandom.current().nextLong(5, 105)), this::ask);
    }
  }

  private void askFallbacks(Iterator<String> budgets, Runnable otherwise) {
    if (!budgets.hasNext()) {
      otherwise.run();
      return;
    }
    Runnable next = () -> askFallbacks(budgets, otherwise);
    String budget = budgets.next();
    String id = UUID.randomUUID().toString();
    ask(budget, id, Duration.ZERO, denied -> next.run(), failure -> {
      // A fallback that is not there, or not for us, is none.
      if (!failure.isPassing()) {
        next.run();
        return;
      }
      if (!failure.isUnsent()) giveBack(budget, id);
      afterFailure(failure);
    });
  }

  private void afterFailure(CallFailure failure) {
    boolean isOld = failure.code() == Code.UNAUTHENTICATED && means.renewToken().getAsBoolean();
    if (!failure.isPassing() && !isOld) {
      String code = failure.code().name();
      outcome.completeExceptionally(new ArbiterRefusedException(failure.getMessage(), code, failure.reason()));
      return;
    }
    Duration rest = wanted.failOpen() ? mostWithoutAnswer().minus(loop.since(beganAt)) : rest();
    if (!rest.isNegative() && !rest.isZero()) {
      Duration pause = Durations.most(backoff.next(), failure.retryAfter());
      loop.schedule(Durations.least(pause, rest), () -> {
        if (outcome.isDone()) giveBackMaybe();
        else ask();
      });
    } else if (wanted.failOpen()) {
      goOnWithout();
    } else {
      giveUp(failure);
    }
  }

  private void goOnWithout() {
    outcome.complete(Granted.without(wanted.budget(), requestId));
  }

  private Duration mostWithoutAnswer() {
    return Durations.least(FAIL_OPEN, wanted.patience());
  }

  /** A service that is away without a word looks like one in whose line we stand: it is asked whether it is there. */
  private void probe(String budget, String id, CompletableFuture<Acquired> asked) {
    Duration half = mostWithoutAnswer().dividedBy(2);
    // A program that has just begun may itself be what takes its time.
    Duration within = means.hasAnswered().get() ? half : Durations.most(half, means.transport().timeout());
    loop.schedule(half, () -> {
      if (asked.isDone() || outcome.isDone()) return;
      LeaseRequest.Builder request = LeaseRequest.newBuilder().setBudgetId(budget).setAiId(wanted.ai()).setRequestId(id);
      GetLeaseRequest message = GetLeaseRequest.newBuilder().setRequest(request).build();
      means.transport().getLease(message, budget, Durations.most(within, Duration.ofMillis(1))).whenComplete((answer, error) -> {
        if (error != null && CallFailure.of(error).isAway() && !asked.isDone()) goOnWithout();
      });
    });
  }

  /** A denial that was told says more than that nobody answered in the last moment. */
  private void giveUp(CallFailure failure) {
    giveBackMaybe();
    String message = "no answer from the budget arbiter within " + wanted.patience().toMillis() + " ms: " + failure.getMessage();
    outcome.completeExceptionally(denial == null ? new ArbiterUnavailableException(message, failure) : denied());
  }

  /** Once. One of the two is told, unless it was granted, or nobody waits any more. */
  private void ask(String budget, String id, Duration wait, Consumer<Denial> onDenial, Consumer<CallFailure> onFailure) {
    askInLine(budget, id, wait).whenComplete((acquired, error) -> {
      if (error == null) means.hasAnswered().set(true);
      boolean isGranted = error == null && acquired.answer().hasGranted();
      boolean isUnknown = error != null && CallFailure.of(error) != NOBODY_WAITS && !CallFailure.of(error).isUnsent();
      if (id.equals(requestId)) isMaybeGranted = isUnknown || (error != null && isMaybeGranted);
      Granted granted = new Granted(budget, id, isGranted ? acquired.kept() : Optional.empty(), List.copyOf(deniedRules));
      if (isWithout()) {
        // Settled by its request id, as the call that goes on is.
        granted.kept().ifPresent(KeptLease::letGo);
      } else if (outcome.isDone()) {
        if (isGranted || isUnknown || (id.equals(requestId) && isMaybeGranted)) means.giveBack().accept(granted);
      } else if (isGranted) {
        outcome.complete(granted);
      } else if (error == null && acquired.answer().hasDenied()) {
        onDenial.accept(acquired.answer().getDenied());
      } else {
        onFailure.accept(error == null ? NOT_UNDERSTOOD : CallFailure.of(error));
      }
    });
  }

  /** Those who wait take a place in the line of their AI first; without one in time they ask without waiting. */
  private CompletableFuture<Acquired> askInLine(String budget, String id, Duration wait) {
    if (wait.isZero()) return send(budget, id, wait);
    WaitLines.Place place = means.lines().enter(budget, wanted.ai());
    Loop.Timer late = loop.schedule(rest(), place::leaveIfWaiting);
    gone.whenComplete((value, error) -> place.leaveIfWaiting());
    return place.turn().thenCompose(isIn -> {
      late.cancel();
      if (outcome.isDone()) place.leave();
      if (outcome.isDone()) return CompletableFuture.failedFuture(NOBODY_WAITS);
      if (!isIn) return send(budget, id, Duration.ZERO);
      return send(budget, id, Durations.least(wait, rest())).whenComplete((acquired, error) -> place.leave());
    });
  }

  private CompletableFuture<Acquired> send(String budget, String id, Duration wait) {
    AcquireSlotRequest.Builder request = wanted.message().toBuilder().setBudgetId(budget).setRequestId(id);
    if (!wait.isZero()) request.setWait(Durations.of(wait));
    CompletableFuture<Acquired> asked = means.transport().acquire(request.build(), within(wait), gone);
    if (wanted.failOpen()) probe(budget, id, asked);
    return asked;
  }

  private void giveBackMaybe() {
    if (isMaybeGranted) giveBack(wanted.budget(), requestId);
  }

  /** The grant may have been made, its answer lost. */
  private void giveBack(String budget, String id) {
    means.giveBack().accept(Granted.without(budget, id));
  }

  /** No longer than the patience, and so much more that the answer at the end of a wait gets here. */
  private Duration within(Duration wait) {
    Duration most = wait.plus(means.transport().timeout());
    if (wanted.patience().isZero()) return most;
    return Durations.least(most, Durations.most(rest(), wait).plusSeconds(1));
  }

  private boolean isWithout() {
    boolean isGranted = outcome.isDone() && !outcome.isCompletedExceptionally();
    return isGranted && outcome.join().kept().isEmpty();
  }

  private SlotDeniedException denied() {
    return new SlotDeniedException(denial, wanted.budget(), wanted.ai());
  }

  private Duration rest() {
    return Durations.most(Duration.ZERO, wanted.patience().minus(loop.since(beganAt)));
  }
}
