package dev.budgetarbiter.client.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.budgetarbiter.client.ArbiterRefusedException;
import dev.budgetarbiter.client.ArbiterUnavailableException;
import dev.budgetarbiter.client.Slot;
import dev.budgetarbiter.client.SlotDeniedException;
import dev.budgetarbiter.client.SlotRequest;
import dev.budgetarbiter.client.TokenUsage;
import dev.budgetarbiter.client.support.FakeService;
import dev.budgetarbiter.client.support.World;
import dev.budgetarbiter.v1.Blocker;
import dev.budgetarbiter.v1.Denial;
import dev.budgetarbiter.v1.ReleaseRequest;
import dev.budgetarbiter.v1.Rule;
import dev.budgetarbiter.v1.Unreported;
import io.grpc.Status.Code;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The client against a service that does what the test says. */
class ClientTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private World world = new World();
  private FakeService service = world.service;

  @AfterEach
  void close() {
    world.close();
  }

  private void beUnary() {
    world.close();
    world = new World(true);
    service = world.service;
  }

  private static Denial denial(Rule rule, long retryAfterSeconds) {
    return Denial.newBuilder()
        .addBlockers(Blocker.newBuilder().setRule(rule))
        .setRetryAfter(com.google.protobuf.Duration.newBuilder().setSeconds(retryAfterSeconds))
        .build();
  }

  private static Throwable errorOf(CompletableFuture<Slot> asked) {
    return assertThrows(CompletionException.class, asked::join).getCause();
  }

  @Test
  void holdsASlotInASessionOfTheProcess() {
    Slot slot = world.slot();
    assertEquals("", service.opens.get(0).getAiId());
    assertEquals("guardian", service.acquires.get(0).getAiId());
    assertEquals("web", service.acquires.get(0).getLabelsOrThrow("service"));
    assertEquals(1_000, service.acquires.get(0).getEstimatedTokens());
    slot.report(TokenUsage.of(100, 50));
    slot.close();
    ReleaseRequest release = service.releases.get(0);
    assertEquals(100, release.getUsage().getTokens().getInputTokens());
    assertEquals(Unreported.UNREPORTED_FREE, release.getUnreported());
    assertEquals(List.of(), service.records, "the report goes with the release");
    assertEquals(150, slot.charged().orElseThrow());
    assertEquals(0, world.client.unsettled());
    world.loop.pass(SECOND);
    assertEquals("closed", service.calls.get(service.calls.size() - 1), "a session does not outlive its use");
  }

  @Test
  void tellsAReportByItselfWhenTheSlotIsHeldOn() {
    Slot slot = world.slot();
    slot.report(TokenUsage.of(1, 1));
    world.loop.pass(SECOND);
    assertEquals(1, service.records.size());
    slot.close();
    assertFalse(service.releases.get(0).hasUsage());
    assertEquals(Unreported.UNREPORTED_FREE, service.releases.get(0).getUnreported());
  }

  @Test
  void takesTheSessionUpAgainAfterABreak() {
    Slot slot = world.slot();
    service.cut();
    world.loop.pass(SECOND);
    assertEquals("session", service.opens.get(1).getSessionId());
    assertFalse(slot.isLost());
    service.leases.clear();
    service.cut();
    world.loop.pass(SECOND);
    assertTrue(slot.isLost(), "the lease was not among those that were taken up");
  }

  @Test
  void asksAgainWithTheSameIdWhenTheAnswerWasLost() {
    service.losesAnswers = true;
    CompletableFuture<Slot> asked = world.ask();
    service.losesAnswers = false;
    service.cut();
    world.loop.pass(SECOND);
    assertTrue(asked.join().lease().isPresent());
    assertEquals(1, service.acquires.stream().map(each -> each.getRequestId()).distinct().count());
    assertEquals(2, service.acquires.size());
  }

  @Test
  void usesCallsOfTheirOwnWhereASessionIsRefused() {
    service.refusesSessions = FakeService.failure(Code.INVALID_ARGUMENT, "INVALID_FIELD");
    Slot slot = world.slot();
    assertEquals(List.of("open", "unary"), service.calls);
    world.loop.pass(Duration.ofSeconds(21));
    assertEquals("renew", service.calls.get(2), "at a third of its time to live");
    slot.close();
    world.slot();
    assertFalse(service.calls.subList(3, service.calls.size()).contains("open"), "not for a minute");
  }

  @Test
  void losesASlotThatCannotBeRenewed() {
    beUnary();
    Slot slot = world.slot();
    world.stop();
    world.loop.pass(Duration.ofSeconds(59));
    assertFalse(slot.isLost());
    world.loop.pass(SECOND.multipliedBy(2));
    assertTrue(slot.isLost());
  }

  @Test
  void settlesInTheBackgroundUntilItIsKnown() {
    Slot slot = world.slot();
    for (int n = 0; n < 5; n += 1) service.failures.add(FakeService.failure(Code.UNAVAILABLE, "STORE_UNAVAILABLE"));
    slot.report(TokenUsage.of(100, 50));
    slot.close();
    assertEquals(1, world.client.unsettled());
    world.loop.pass(Duration.ofSeconds(10));
    assertEquals(0, world.client.unsettled());
    assertEquals(1, service.releases.size());
  }

  @Test
  void tellsTheCallbackWhatItGaveUp() {
    Slot slot = world.slot();
    service.failures.add(FakeService.failure(Code.INVALID_ARGUMENT, "REPORT_TOO_LARGE"));
    slot.report(TokenUsage.of(1, 1));
    slot.close();
    assertEquals(0, world.client.unsettled());
    ForkJoinPool.commonPool().awaitQuiescence(10, TimeUnit.SECONDS);
    assertEquals("REPORT_TOO_LARGE", world.givenUp.get(0).why());
    assertEquals(1, world.givenUp.get(0).usages().size());
  }

  @Test
  void givesUpAWeekAfterTheFirstTry() {
    Slot slot = world.slot();
    world.stop();
    slot.close();
    world.loop.sleep(Duration.ofDays(7).minusHours(2));
    world.loop.pass(Duration.ofMinutes(1));
    assertEquals(1, world.client.unsettled());
    world.loop.sleep(Duration.ofHours(1));
    world.loop.pass(Duration.ofMinutes(1));
    assertEquals(0, world.client.unsettled());
  }

  @Test
  void booksWithoutALeaseWhatTheServiceHasForgotten() {
    Slot slot = world.slot();
    service.failures.add(FakeService.failure(Code.NOT_FOUND, "LEASE_NOT_FOUND"));
    service.failures.add(FakeService.failure(Code.NOT_FOUND, "LEASE_NOT_FOUND"));
    slot.report(TokenUsage.of(1, 1));
    slot.close();
    assertEquals("guardian", service.records.get(0).getUnleased().getAiId());
  }

  @Test
  void comesBackNoEarlierThanADenialSays() {
    service.denials.add(denial(Rule.RULE_CONCURRENCY, 3));
    CompletableFuture<Slot> asked = world.ask();
    world.loop.pass(Duration.ofMillis(2_999));
    assertEquals(1, service.acquires.size());
    world.loop.pass(Duration.ofMillis(200));
    assertEquals(List.of("CONCURRENCY"), asked.join().deniedRules());
  }

  @Test
  void saysADenialAtOnceThatOutlivesThePatience() {
    service.denials.add(denial(Rule.RULE_HOURLY_CAP, 3_600));
    assertInstanceOf(SlotDeniedException.class, errorOf(world.ask()));
  }

  @Test
  void asksTheBudgetsThatADenialNames() {
    service.denials.add(denial(Rule.RULE_MONTHLY_CAP, 3).toBuilder().addFallbackBudgetIds("openai").build());
    Slot slot = world.ask(SlotRequest.ofDefaults().fallback(true)).join();
    assertEquals("openai", slot.budget());
    assertEquals("openai", service.acquires.get(1).getBudgetId());
  }

  @Test
  void givesUpAfterThePatience() {
    world.stop();
    CompletableFuture<Slot> asked = world.ask(SlotRequest.ofDefaults().patience(Duration.ofSeconds(3)));
    world.loop.pass(Duration.ofMillis(2_500));
    assertFalse(asked.isDone());
    world.loop.pass(SECOND);
    assertInstanceOf(ArbiterUnavailableException.class, errorOf(asked));
    assertEquals(0, world.client.unsettled(), "it never left");
  }

  @Test
  void givesBackWhatMayHaveBeenGrantedBeforeItGaveUp() {
    service.losesAnswers = true;
    SlotRequest request = SlotRequest.ofDefaults().wait(Duration.ZERO).patience(Duration.ofSeconds(3));
    CompletableFuture<Slot> asked = world.ask(request);
    world.stop();
    world.loop.pass(Duration.ofSeconds(4));
    assertInstanceOf(ArbiterUnavailableException.class, errorOf(asked));
    assertEquals(1, world.client.unsettled());
    service.losesAnswers = false;
    world.start();
    world.loop.pass(Duration.ofMinutes(1));
    assertEquals(Unreported.UNREPORTED_UNUSED, service.releases.get(0).getUnreported());
    assertEquals(0, world.client.unsettled());
  }

  @Test
  void saysAtOnceWhatNoRepeatMends() {
    service.failures.add(FakeService.failure(Code.NOT_FOUND, "BUDGET_NOT_FOUND"));
    ArbiterRefusedException refused = (ArbiterRefusedException) errorOf(world.ask());
    assertEquals("NOT_FOUND BUDGET_NOT_FOUND", refused.code() + " " + refused.reason());
  }

  @Test
  void goesOnWithoutASlotAndBooksThatOnceTheServiceIsBack() {
    world.stop();
    CompletableFuture<Slot> asked = world.ask(SlotRequest.ofDefaults().failOpen(true));
    world.loop.pass(Duration.ofSeconds(3));
    Slot slot = asked.join();
    assertTrue(slot.lease().isEmpty());
    slot.report(TokenUsage.of(100, 50));
    slot.close();
    world.start();
    world.loop.pass(Duration.ofMinutes(1));
    assertTrue(service.calls.contains("getLease"), "the grant may have been made");
    assertEquals("anthropic", service.records.get(0).getUnleased().getBudgetId());
    assertEquals(0, world.client.unsettled());
  }

  @Test
  void reportsOnTheLeaseWhoseAnswerWasLost() {
    service.losesAnswers = true;
    CompletableFuture<Slot> asked = world.ask(SlotRequest.ofDefaults().failOpen(true).wait(Duration.ZERO));
    world.stop();
    world.loop.pass(Duration.ofSeconds(3));
    Slot slot = asked.join();
    slot.report(TokenUsage.of(100, 50));
    slot.close();
    service.losesAnswers = false;
    world.start();
    world.loop.pass(Duration.ofMinutes(1));
    assertEquals("lease-1", service.releases.get(0).getLeaseId());
    assertEquals(List.of(), service.records);
  }

  @Test
  void givesBackUnusedWhatIsGrantedAsItsCallerGoes() {
    service.losesAnswers = true;
    CompletableFuture<Slot> asked = world.ask();
    asked.cancel(false);
    service.losesAnswers = false;
    service.cut();
    world.loop.pass(Duration.ofSeconds(5));
    assertEquals("lease-1", service.releases.get(0).getLeaseId());
    assertEquals(Unreported.UNREPORTED_UNUSED, service.releases.get(0).getUnreported());
    assertEquals(0, world.client.unsettled());
  }

  @Test
  void keepsTheOrderOfThoseWhoWait() {
    service.losesAnswers = true;
    for (int n = 0; n < 120; n += 1) world.ask(SlotRequest.ofDefaults().estimate(n + 1));
    assertEquals(50, service.acquires.size(), "the others wait here");
    List<Long> asked = service.acquires.stream().map(each -> each.getEstimatedTokens()).collect(Collectors.toList());
    assertEquals(asked.stream().sorted().toList(), asked);
  }
}
