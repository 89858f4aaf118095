package dev.budgetarbiter.client.internal.transport;

import dev.budgetarbiter.client.internal.loop.Backoff;
import dev.budgetarbiter.client.internal.loop.Loop;
import dev.budgetarbiter.client.internal.loop.Waiting;
import dev.budgetarbiter.v1.Lease;
import dev.budgetarbiter.v1.OpenSession;
import dev.budgetarbiter.v1.SessionOpened;
import dev.budgetarbiter.v1.SessionRequest;
import dev.budgetarbiter.v1.SessionResponse;
import dev.budgetarbiter.v1.SessionResponse.AnswerCase;
import io.grpc.Status.Code;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The session of this process on one replica, over however many streams. The service keeps its leases alive while the stream
 * lives; when it breaks, the session is taken up again, on whatever replica answers. A call that a break left open fails, and is
 * asked again by whoever made it, with the same ids.
 */
final class Session {
  /** A session can be taken up in so many budgets. */
  private static final int MOST_BUDGETS = 17;
  /** So that it does not outlive its use. Opening again costs no round trip of its own. */
  private static final Duration IDLE = Duration.ofSeconds(1);

  private final Replicas replicas;
  private final Loop loop;
  private final Consumer<Session> onClosed;
  private final Set<String> budgets = new HashSet<>();
  private final Map<String, KeptLease> kept = new LinkedHashMap<>();
  private Address address;
  private String id = "";
  private SessionStream stream;
  private final Waiting<SessionStream> waiting = new Waiting<>();
  /** The budget that a stream is being opened for; empty while none is. */
  private String openingFor = "";
  private boolean takingUp;
  private int underWay;
  private Loop.Timer idle;
  private boolean closed;

  Session(Address address, Replicas replicas, Consumer<Session> onClosed) {
    this.address = address;
    this.replicas = replicas;
    this.loop = replicas.loop();
    this.onClosed = onClosed;
  }

  boolean isOpen() {
    return stream != null;
  }

  boolean isAt(Address other) {
    return address.name().equals(other.name());
  }

  boolean hasRoomFor(String budgetId) {
    return !closed && (budgets.contains(budgetId) || budgets.size() < MOST_BUDGETS);
  }

  boolean keeps(String leaseId) {
    return kept.containsKey(leaseId);
  }

  CompletableFuture<SessionResponse> call(SessionRequest.Builder call, AnswerCase kind, String budgetId) {
    underWay += 1;
    stayOpen();
    return opened(budgetId)
        .exceptionallyCompose(error -> CompletableFuture.failedFuture(CallFailure.of(error).unsent()))
        .thenCompose(open -> {
          budgets.add(budgetId);
          return open.call(call, kind);
        })
        .whenComplete((answer, error) -> {
          underWay -= 1;
          closeIfIdle();
        });
  }

  /** From its grant on. */
  void keep(KeptLease lease) {
    String leaseId = lease.lease().getLeaseId();
    stayOpen();
    kept.put(leaseId, lease);
    lease.onLetGo(() -> {
      kept.remove(leaseId);
      closeIfIdle();
    });
    // The stream that it was granted on may have ended since.
    if (!isOpen()) takeUp();
  }

  void close() {
    if (closed) return;
    closed = true;
    stayOpen();
    if (stream != null) stream.end();
    stream = null;
    onClosed.accept(this);
  }

  private CompletableFuture<SessionStream> opened(String budgetId) {
    if (closed) return CompletableFuture.failedFuture(CallFailure.unavailable("the session was closed"));
    if (stream != null) return CompletableFuture.completedFuture(stream);
    CompletableFuture<SessionStream> mine = waiting.join();
    if (openingFor.isEmpty()) {
      openingFor = budgetId;
      open(budgetId).whenComplete((open, error) -> {
        openingFor = "";
        if (error == null) waiting.complete(open);
        else waiting.fail(CallFailure.of(error));
      });
      return mine;
    }
    boolean isOthers = !openingFor.equals(budgetId);
    // A budget that is not there, or not for us, is that budget's trouble alone.
    return mine.exceptionallyCompose(error ->
        isOthers && !CallFailure.of(error).isPassing() ? opened(budgetId) : CompletableFuture.failedFuture(error));
  }

  private CompletableFuture<SessionStream> open(String budgetId) {
    return replicas.pick(budgetId).thenCompose(replica -> {
      address = replica.address();
      SessionStream made = new SessionStream(replica, openMessage(budgetId), loop, this::ended);
      return made.opened().handle((opened, error) -> {
        if (error == null) return took(made, replica, opened);
        CallFailure failure = CallFailure.of(error);
        if (failure.isAway()) replicas.markDown(replica);
        made.end();
        throw failure;
      });
    });
  }

  private OpenSession openMessage(String budgetId) {
    OpenSession.Builder open = OpenSession.newBuilder().setBudgetId(budgetId);
    if (id.isEmpty()) return open.build();
    List<String> others = kept.values().stream()
        .map(each -> each.lease().getBudgetId())
        .filter(other -> !other.equals(budgetId))
        .distinct()
        .toList();
    return open.setSessionId(id).addAllOtherBudgetIds(others).build();
  }

  private SessionStream took(SessionStream made, Replica replica, SessionOpened opened) {
    replicas.markUp(replica);
    if (closed) {
      made.end();
      throw CallFailure.unavailable("the session was closed");
    }
    id = opened.getSessionId();
    stream = made;
    Set<String> ids = opened.getLeasesList().stream().map(Lease::getLeaseId).collect(Collectors.toSet());
    for (KeptLease lease : List.copyOf(kept.values())) {
      if (!ids.contains(lease.lease().getLeaseId())) lease.lose("the lease ended before its session came back");
    }
    return made;
  }

  private void ended(SessionStream over) {
    if (over != stream) return;
    stream = null;
    budgets.clear();
    for (KeptLease lease : kept.values()) budgets.add(lease.lease().getBudgetId());
    // Nobody can take up what another stream of ours has.
    if (over.failure().filter(failure -> failure.code() == Code.ABORTED).isPresent()) id = "";
    if (closed) return;
    if (kept.isEmpty()) closeIfIdle();
    else takeUp();
  }

  /** Its leases live on for a grace, or for their time where the replica died; then they are lost. */
  private void takeUp() {
    if (takingUp) return;
    takingUp = true;
    tryTakeUp(new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1)), loop.nanoTime());
  }

  private void tryTakeUp(Backoff backoff, long since) {
    if (kept.isEmpty() || closed || isOpen()) {
      takingUp = false;
      return;
    }
    opened(kept.values().iterator().next().lease().getBudgetId()).whenComplete((open, error) -> {
      if (error == null) {
        takingUp = false;
        return;
      }
      Duration passed = loop.since(since);
      for (KeptLease lease : new ArrayList<>(kept.values())) {
        if (passed.compareTo(lease.timeToLive()) < 0) continue;
        lease.lose("the session could not be taken up again: " + CallFailure.of(error).getMessage());
      }
      loop.schedule(backoff.next(), () -> tryTakeUp(backoff, since));
    });
  }

  private void stayOpen() {
    if (idle != null) idle.cancel();
    idle = null;
  }

  private void closeIfIdle() {
    if (underWay > 0 || !kept.isEmpty() || closed || idle != null) return;
    idle = loop.schedule(IDLE, this::close);
  }
}
